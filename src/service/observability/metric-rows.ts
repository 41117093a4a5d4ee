import type { Provider } from '@nestjs/common';
import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

/** One metric: its row in docs/metrics.md, and the provider with which Nest creates it. */
export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly provider: Provider;
}

type Named = Pick<MetricRow, 'name' | 'help'> & { readonly labelNames?: readonly string[] };

const row = (
  kind: MetricRow['kind'],
  { name, help, labelNames = [] }: Named,
  provider: Provider,
): MetricRow => ({
  kind,
  name,
  help,
  labelNames,
  provider,
});
export const counter = (options: Parameters<typeof makeCounterProvider>[0] & Named): MetricRow =>
  row('counter', options, makeCounterProvider(options));
export const gauge = (options: Parameters<typeof makeGaugeProvider>[0] & Named): MetricRow =>
  row('gauge', options, makeGaugeProvider(options));
export const histogram = (options: Parameters<typeof makeHistogramProvider>[0] & Named): MetricRow =>
  row('histogram', options, makeHistogramProvider(options));
