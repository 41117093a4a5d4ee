import { describe, expect, it } from 'vitest';
import { SliceApp } from '../support/slice-app.js';

describe('the metrics', () => {
  it('have the prefix, bounded labels, and what the texts came to', async () => {
    const service = await SliceApp.start();
    try {
      await service.post('/predict_batch', { texts: ['a', 'b', '', ' ', 'word '.repeat(500)] });
      await service.post('/predict', { text: 'a', version: 'v77' });
      await service.post('/predict', { text: 'a', model: 'invented' });
      await service.post('/predict_batch', { texts: ['a'], model: 'invented' });
      await service.fetch('/nowhere/at/all');
      const metrics = await (await service.fetch('/metrics')).text();
      const names = metrics.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(names.filter((line) => !line.startsWith('serin_'))).toEqual([]);
      expect(metrics).not.toContain('invented');
      for (const line of [
        'serin_texts_total{model="sentiment",version="v1"} 3',
        'serin_text_errors_total{code="EMPTY_TEXT"} 2',
        'serin_text_errors_total{code="INFERENCE_FAILED"} 0',
        'serin_truncated_texts_total{model="sentiment",version="v1"} 1',
        'serin_version_state{model="sentiment",version="v1",state="ready"} 1',
        'serin_version_state{model="sentiment",version="v1",state="loading"} 0',
        'serin_workers{state="ready"} 1',
        'serin_worker_restarts_total{reason="exit"} 0',
        'serin_queued_texts 0',
        'serin_running_texts 0',
        'serin_stage_duration_seconds_count{stage="queue",model="sentiment",version="v1"} 1',
      ]) {
        expect(metrics).toContain(`\n${line}\n`);
      }
      expect(metrics).toMatch(/serin_batch_texts_count\{model="sentiment",version="v1"\} [1-9]/);
      expect(metrics).toMatch(/serin_batch_padded_tokens_sum\{model="sentiment",version="v1"\} [1-9]/);
      expect(metrics).toMatch(/serin_nodejs_eventloop_lag_p99_seconds /);
      expect(metrics).not.toMatch(/v77|nowhere/);
    } finally {
      await service.stop();
    }
  });
});
