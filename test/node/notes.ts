/** A log and a registry of metrics that a test can look at. */
import type { Log, LogFields } from '../../src/env/log.ts';
import type { Metrics } from '../../src/env/metrics.ts';

export interface LogNote {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

export class Notes implements Log, Metrics {
  readonly log: LogNote[] = [];
  /** By name and labels, as `name{a=1,b=2}`: sums of counters, last values of gauges. */
  readonly numbers = new Map<string, number>();

  debug(event: string, fields: LogFields = {}): void {
    this.log.push({ level: 'debug', event, fields });
  }

  info(event: string, fields: LogFields = {}): void {
    this.log.push({ level: 'info', event, fields });
  }

  warn(event: string, fields: LogFields = {}): void {
    this.log.push({ level: 'warn', event, fields });
  }

  error(event: string, fields: LogFields = {}): void {
    this.log.push({ level: 'error', event, fields });
  }

  add(name: string, labels: Record<string, string>, amount = 1): void {
    const series = seriesName(name, labels);
    this.numbers.set(series, (this.numbers.get(series) ?? 0) + amount);
  }

  set(name: string, labels: Record<string, string>, value: number): void {
    this.numbers.set(seriesName(name, labels), value);
  }

  observe(): void {}

  events(event: string): LogNote[] {
    return this.log.filter((note) => note.event === event);
  }

  number(name: string, labels: Record<string, string> = {}): number {
    return this.numbers.get(seriesName(name, labels)) ?? 0;
  }
}

function seriesName(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return `${name}{${pairs.sort().join(',')}}`;
}
