import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Histogram } from 'prom-client';
import { type RequestObserver, RequestObservers } from '../request/request-observers.js';
import type { RequestRecord, StageTimings } from '../request/request-record.js';
import { METRIC } from './metric-table.js';
import { Tallies } from './tallies.js';

/** The values of the label `stage`. */
const STAGES: readonly (readonly [keyof StageTimings, string])[] = [
  ['receiveMs', 'receive'],
  ['cacheMs', 'cache'],
  ['joinMs', 'join'],
  ['queueMs', 'queue'],
  ['transferMs', 'transfer'],
  ['tokenizeMs', 'tokenize'],
  ['inferenceMs', 'inference'],
  ['eventLoopMs', 'event_loop'],
  ['serialiseMs', 'serialise'],
];

/** Counts each request and observes its latency. Labels that do not apply are empty. */
@Injectable()
export class RequestMetrics implements RequestObserver, OnModuleInit {
  @InjectMetric(METRIC.requestSeconds) private readonly requestSeconds!: Histogram;
  @InjectMetric(METRIC.stageSeconds) private readonly stageSeconds!: Histogram;

  constructor(
    private readonly tallies: Tallies,
    private readonly requests: RequestObservers,
  ) {}

  onModuleInit(): void {
    this.requests.add(this);
  }

  ended(record: RequestRecord): void {
    const { route, timings } = record;
    const model = record.modelName ?? '';
    const version = record.modelVersion ?? '';
    this.tallies.requests.add(1, route, model, version, String(record.status), record.failure?.code ?? '');
    this.requestSeconds.observe({ route, model, version }, record.latencyMs / 1000);
    // Each observation takes a microsecond, which is too much for answers from memory.
    if (record.turnAt === null || record.cacheLevel === 'memory') return;
    for (const [field, stage] of STAGES) {
      const ms = timings[field];
      if (ms !== null) this.stageSeconds.observe({ stage, model, version }, ms / 1000);
    }
  }
}
