import { expect, it } from 'vitest';
import { METRICS } from '../../../src/env/metrics.ts';
import { nullMetrics } from '../../../src/platform/system/null-metrics.ts';
import { PromMetrics } from '../../../src/platform/system/prom-metrics.ts';

const OK_PUT = { operation: 'put', level: 'quorum', outcome: 'ok' };

it('every metric of the table is registered with its help and kind', async () => {
  const page = await new PromMetrics().registry.metrics();
  for (const [name, { help, kind }] of Object.entries(METRICS)) {
    expect(page).toContain(`# HELP ${name} ${help}`);
    expect(page).toContain(`# TYPE ${name} ${kind}`);
  }
});

it('counters add up per set of labels', async () => {
  const metrics = new PromMetrics();
  metrics.add('coterie_requests_total', OK_PUT);
  metrics.add('coterie_requests_total', { outcome: 'ok', level: 'quorum', operation: 'put' }, 4);
  metrics.add('coterie_requests_total', { ...OK_PUT, outcome: 'OVERLOADED' });
  const page = await metrics.registry.metrics();
  expect(page).toContain('{operation="put",level="quorum",outcome="ok"} 5');
  expect(page).toContain('{operation="put",level="quorum",outcome="OVERLOADED"} 1');
});

it('gauges keep the last value and histograms count by their own bounds', async () => {
  const metrics = new PromMetrics();
  metrics.set('coterie_sessions', {}, 7);
  metrics.set('coterie_sessions', {}, 2);
  metrics.observe('coterie_batch_seconds', { sync: 'true' }, 0.003);
  metrics.observe('coterie_batch_seconds', { sync: 'true' }, 9);
  const page = await metrics.registry.metrics();
  expect(page).toContain('coterie_sessions 2');
  expect(page).toContain('coterie_batch_seconds_bucket{le="0.002",sync="true"} 0');
  expect(page).toContain('coterie_batch_seconds_bucket{le="0.005",sync="true"} 1');
  expect(page).toContain('coterie_batch_seconds_bucket{le="+Inf",sync="true"} 2');
});

it('nodes in one process do not mix', async () => {
  const [one, other] = [new PromMetrics(), new PromMetrics()];
  one.add('coterie_dot_collisions_total', {}, 3);
  expect(await one.registry.metrics()).toContain('coterie_dot_collisions_total 3');
  expect(await other.registry.metrics()).toContain('coterie_dot_collisions_total 0');
});

it('label values beyond the bound are counted together instead of growing for ever', async () => {
  const metrics = new PromMetrics();
  for (let at = 0; at < 1_500; at += 1) {
    metrics.add('coterie_read_repairs_total', { mode: `mode-${at}` });
  }
  const page = await metrics.registry.metrics();
  expect(page.match(/coterie_read_repairs_total\{/g)).toHaveLength(1_001);
  expect(page).toContain('coterie_read_repairs_total{mode="other"} 500');
});

it('metrics that nobody reads take everything', () => {
  nullMetrics.add('coterie_requests_total', OK_PUT);
  nullMetrics.set('coterie_sessions', {}, 1);
  nullMetrics.observe('coterie_siblings', {}, 1);
});
