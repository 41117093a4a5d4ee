import { Injectable } from '@nestjs/common';
import { EvidenceBook } from '../rollout/evidence/evidence-book.js';
import { AppError, badField } from '../../base/errors/app-error.js';
import { sameLabels } from '../../engine/tasks/classified.js';
import { TASK_TRAITS } from '../../registry/tasks.js';
import { FeedbackMetrics } from '../observability/feedback-metrics.js';
import type { AnsweredBy, Told } from './answered-ring.js';
import { AnsweredTexts, type AnswerSource } from './answered-texts.js';
import { Voices } from './voices.js';

/** Feedback about an earlier answer. */
export interface ToldFeedback {
  readonly requestId: string;
  /** The text's place in its batch; null for the one text of /predict. */
  readonly index: number | null;
  /** A label that the text should have. */
  readonly label?: string | undefined;
  /** All labels that the text should have; not together with `label`. */
  readonly labels?: readonly string[] | undefined;
  readonly kpi?: number | undefined;
  /** The client that sends it: `key:<name>` where API keys are configured, else its network. */
  readonly client: string;
}

export interface FeedbackAnswer {
  readonly request_id: string;
  readonly model_name: string;
  readonly model_version: string;
  readonly counted: boolean;
}

/** Counts feedback about answers per version, and as evidence of the rollout in which the answers were given. */
@Injectable()
export class FeedbackService {
  private readonly voices = new Voices();

  constructor(
    private readonly answered: AnsweredTexts,
    private readonly book: EvidenceBook,
    private readonly metrics: FeedbackMetrics,
  ) {}

  /**
   * Counts the first label and the first kpi of an answer. Later ones are not counted, so that a client may send the
   * same feedback again. In the evidence of a rollout, a client has one voice per distinct text.
   * @throws AppError NOT_FOUND, or INVALID_REQUEST when all of label, labels and kpi are missing, label and labels are
   *   both given, or the model does not have the labels
   */
  tell(told: ToldFeedback): FeedbackAnswer {
    const { requestId, index, label, labels, kpi, client } = told;
    if (label !== undefined && labels !== undefined) throw badField('labels', 'and label exclude each other');
    if (label === undefined && labels === undefined && kpi === undefined)
      throw badField('label', 'or kpi must be given');
    const answer = this.answered.find(requestId, index);
    if (answer === undefined) throw this.unknown(told);
    const { source, textHash } = answer;
    const { version, rollout } = source;
    const correct = correctness(answer, told);
    const isNewLabel = correct !== undefined && this.answered.tell(requestId, index, 'label');
    const isNewKpi = kpi !== undefined && this.answered.tell(requestId, index, 'kpi');
    if (isNewLabel) this.metrics.label(version.model, version.version, correct);
    if (isNewKpi) this.metrics.kpi(version.model, version.version, kpi);
    if (rollout !== null) {
      const { id: rolloutId, side } = rollout;
      const isVoice = (kind: Told): boolean =>
        this.voices.isNew(version.model, { rolloutId, side, kind, textHash, client });
      const book = this.book.open(version.model);
      if (rolloutId === book?.rolloutId) {
        book.evidence.addFeedback(side, {
          ...(isNewLabel && isVoice('label') && { correct }),
          ...(isNewKpi && isVoice('kpi') && { kpi }),
        });
      }
    }
    return {
      request_id: requestId,
      model_name: version.model,
      model_version: version.version,
      counted: isNewLabel || isNewKpi,
    };
  }

  private unknown({ requestId, index }: ToldFeedback): AppError {
    const { maxAnswers, ttlMs } = this.answered;
    if (maxAnswers === 0) {
      return new AppError('NOT_FOUND', 'No answers are remembered here: FEEDBACK_MAX_REQUESTS is 0.');
    }
    if (index === null && this.answered.find(requestId, 0) !== undefined) {
      return badField(
        'index',
        'must be given: this request was a batch, and index says which of its texts is meant',
      );
    }
    const which = index === null ? '' : ` and the index ${String(index)}`;
    const kept = `the last ${String(maxAnswers)} answered texts of this instance, for ${String(ttlMs / 1000)} s`;
    return new AppError(
      'NOT_FOUND',
      `No answer with this request_id${which} is remembered; kept are ${kept}.`,
    );
  }
}

/**
 * Whether an answer is right: it has the one label that was told, or exactly the labels that were told; undefined when
 * neither was.
 * @throws AppError INVALID_REQUEST that lists the model's labels
 */
function correctness(
  { source, said }: AnsweredBy<AnswerSource>,
  { label, labels }: Pick<ToldFeedback, 'label' | 'labels'>,
): boolean | undefined {
  const { labels: known, task } = source.version.manifest;
  const indexOf = (name: string, field: string): number => {
    const index = known.indexOf(name);
    if (index < 0) throw badField(field, `must be one of ${known.join(', ')}`);
    return index;
  };
  if (label !== undefined) return said.includes(indexOf(label, 'label'));
  if (labels === undefined) return undefined;
  if (!TASK_TRAITS[task].severalLabels && labels.length !== 1)
    throw badField('labels', 'must name exactly one label: this model gives each text one');
  const truth = labels.map((name) => indexOf(name, 'labels')).sort((a, b) => a - b);
  return sameLabels(said, truth);
}
