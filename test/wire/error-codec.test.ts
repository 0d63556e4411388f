import { describe, expect, test } from 'vitest';
import { CoterieError, ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import {
  asCoterieError,
  decodeError,
  encodeError,
  errorFromGrpcStatus,
  errorFromWire,
  errorToWire,
  grpcStatusOf,
} from '../../src/wire/error-codec.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

test('an Error message has the bytes that other implementations expect', () => {
  const error = new CoterieError('OVERLOADED', 'Too much', { details: { retryAfterMs: 20 } });
  expect(Buffer.from(encodeError(error)).toString('latin1')).toBe(
    '\x0a\x0aOVERLOADED\x12\x08Too much\x18\x01\x2a\x13{"retryAfterMs":20}',
  );
});

test('bytes among the details come back as bytes', () => {
  const context = Uint8Array.of(0, 1, 254, 255);
  const error = new CoterieError('SIBLING_LIMIT', 'Too many', {
    details: { context, buffer: Buffer.from(context), count: 64 },
  });
  expect(decodeError(encodeError(error)).details).toEqual({ context, buffer: context, count: 64 });
});

test('a detail that JSON cannot carry is left out, the error is not', () => {
  const loop: Record<string, unknown> = { name: 'loop' };
  loop['self'] = loop;
  const error = new CoterieError('CONFLICT', 'Odd', {
    details: { size: 2n ** 60n, call: () => {}, nothing: undefined, loop },
  });
  const back = decodeError(encodeError(error));
  expect(back.code).toBe('CONFLICT');
  expect(back.details['size']).toBe('1152921504606846976');
  expect(Object.keys(back.details)).toEqual(['size', 'loop']);
});

test('details over their bound are left out', () => {
  const error = new CoterieError('CONFLICT', 'Long', { details: { text: 'x'.repeat(70_000) } });
  expect(errorToWire(error).detailsJson).toBe('');
});

test('damaged details do not hide the error they belong to', () => {
  const wire = errorToWire(new CoterieError('NOT_OWNER', 'Not here'));
  for (const detailsJson of ['{"a":', '[1]', '7']) {
    expect(errorFromWire({ ...wire, detailsJson }).code).toBe('NOT_OWNER');
  }
});

test('a code of a newer peer keeps the facts that behaviour hangs on', () => {
  for (const retryable of [true, false]) {
    for (const appliedUnknown of [true, false]) {
      const error = errorFromWire({
        code: 'MOON_PHASE',
        message: 'Wait',
        retryable,
        appliedUnknown,
        detailsJson: '{"days":3}',
      });
      expect(error.code).toBe('VERSION_UNSUPPORTED');
      expect(error.message).toBe('Wait (MOON_PHASE)');
      expect(error.retryable).toBe(retryable);
      expect(error.applied).toBe(appliedUnknown ? 'unknown' : 'no');
      expect(error.details).toEqual({ days: 3, code: 'MOON_PHASE' });
    }
  }
});

test('bytes that are no Error message are an error of their own', () => {
  expect(() => decodeError(Uint8Array.of(0x0a, 0xff))).toThrow(/2 bytes/);
});

test('anything that is thrown becomes a CoterieError, a bug unless it is one', () => {
  const own = new CoterieError('DISK_FULL', 'Full');
  expect(asCoterieError(own)).toBe(own);
  expect(asCoterieError(new TypeError('x is undefined')).code).toBe('ASSERTION_FAILED');
  expect(asCoterieError('text').message).toContain('text');
});

describe('gRPC status numbers', () => {
  test('every code has one, and it is never OK', () => {
    for (const code of CODES) {
      expect(grpcStatusOf(code)).toBeGreaterThan(0);
      expect(grpcStatusOf(code)).toBeLessThan(17);
    }
  });

  test('follow the families of the error table', () => {
    const allowed = {
      usage: [3],
      availability: [1, 4, 8, 14],
      state: [9, 10],
      storage: [8, 13, 15],
      protocol: [3, 9],
      bug: [13],
    };
    for (const code of CODES) {
      expect(allowed[ERROR_CODES[code].family], code).toContain(grpcStatusOf(code));
    }
  });

  test('without an Error message leave open whether a write was applied', () => {
    expect(errorFromGrpcStatus(14, 'gone')).toMatchObject({
      code: 'UNREACHABLE',
      applied: 'unknown',
    });
    expect(errorFromGrpcStatus(8, 'large')).toMatchObject({
      code: 'OVERLOADED',
      applied: 'unknown',
    });
    expect(errorFromGrpcStatus(12, 'what')).toMatchObject({
      code: 'VERSION_UNSUPPORTED',
      applied: 'no',
    });
    expect(errorFromGrpcStatus(2, 'odd')).toMatchObject({
      code: 'MALFORMED_MESSAGE',
      applied: 'unknown',
    });
  });
});
