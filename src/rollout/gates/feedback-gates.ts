import type { GateName, GateRow, GateSettings } from './types.js';

/** The gates that judge by POST /feedback. */
const FEEDBACK_GATES = { feedback_accuracy_drop: 'feedbackAccuracyDrop', kpi_drop: 'kpiDrop' } as const;

/** The gates on feedback that are configured. */
export const feedbackGatesOf = (settings: GateSettings): GateName[] =>
  (Object.keys(FEEDBACK_GATES) as (keyof typeof FEEDBACK_GATES)[]).filter(
    (gate) => settings[FEEDBACK_GATES[gate]] !== null,
  );

/** The settings with no gate on feedback. */
export const withoutFeedback = (settings: GateSettings): GateSettings => ({
  ...settings,
  feedbackAccuracyDrop: null,
  kpiDrop: null,
});

/** The row of a gate on feedback that is configured and does not act. */
export const mutedRow = (row: GateRow): GateRow => ({
  ...row,
  sentence: 'Shown in the figures, not judged: feedback acts only where API_KEYS says who may send it.',
});
