import { ApiProperty, ApiSchema } from '@nestjs/swagger';

const NUMBER_OR_NULL = { type: Number, nullable: true };
const COUNTS = { type: 'object' as const, additionalProperties: { type: 'integer' as const, minimum: 0 } };
const PHASES = ['idle', 'running', 'paused', 'promoted', 'rolled_back'];
const VERDICTS = ['promote', 'hold', 'roll_back', 'not_enough_data'];

@ApiSchema({ name: 'RolloutVersion' })
export class RolloutVersionDto {
  @ApiProperty({ example: 'v2' }) version!: string;
  @ApiProperty({ description: 'sha256 of the manifest.' }) digest!: string;

  @ApiProperty({
    description: 'As in GET /models; `missing` when the registry lacks this digest.',
    example: 'ready',
  })
  state!: string;

  @ApiProperty({ description: 'Whether it may get traffic without being forced.' }) accepted!: boolean;

  @ApiProperty({
    description: 'Why, by its acceptance record or its manifest.',
    example: 'its manifest has its accuracy on record',
  })
  acceptance_reason!: string;
}

@ApiSchema({ name: 'RolloutStep' })
export class RolloutStepDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 2 }) number!: number;
  @ApiProperty({ type: 'integer', example: 5 }) of!: number;
  @ApiProperty({ example: 5 }) percent!: number;
  @ApiProperty({ type: 'integer', description: 'How long the step lasts.' }) hold_ms!: number;
  @ApiProperty({ type: 'integer', description: 'Time in which the canary served.' }) elapsed_ms!: number;

  @ApiProperty({ ...NUMBER_OR_NULL, description: 'Null at the last step, after which comes the promotion.' })
  next_percent!: number | null;
}

@ApiSchema({ name: 'GateRow' })
export class GateRowDto {
  @ApiProperty({ example: 'disagreement' }) gate!: string;
  @ApiProperty({ enum: ['pass', 'fail', 'open', 'not_enough_data', 'off'] }) state!: string;
  @ApiProperty({ enum: ['share', 'ratio', 'samples', 'ms', 'kpi'] }) unit!: string;
  @ApiProperty(NUMBER_OR_NULL) observed!: number | null;
  @ApiProperty(NUMBER_OR_NULL) limit!: number | null;
  @ApiProperty({ ...NUMBER_OR_NULL, description: 'Bounds that hold at all looks at once.' }) lower!:
    number | null;
  @ApiProperty(NUMBER_OR_NULL) upper!: number | null;
  @ApiProperty({ type: 'integer', description: 'Samples behind it.' }) n!: number;
  @ApiProperty({ description: 'The row in words.' }) sentence!: string;
}

@ApiSchema({ name: 'RolloutVerdict' })
export class RolloutVerdictDto {
  @ApiProperty({ enum: VERDICTS, example: 'not_enough_data' }) verdict!: string;
  @ApiProperty({ type: [GateRowDto] }) gates!: readonly GateRowDto[];
}

/** When there will be enough samples for a verdict, at the traffic of the last five minutes. */
@ApiSchema({ name: 'VerdictEstimate' })
export class VerdictEstimateDto {
  @ApiProperty({
    ...NUMBER_OR_NULL,
    description: '0: there are enough. Null: samples are missing and none arrive, or it is too early to say.',
    example: 420_000,
  })
  ms!: number | null;

  @ApiProperty({
    type: 'integer',
    description: 'Distinct texts that are still to be compared.',
    example: 280,
  })
  pairs_left!: number;

  @ApiProperty({ type: 'integer', description: 'Answers that the canary still has to give in this step.' })
  answers_left!: number;

  @ApiProperty({ ...NUMBER_OR_NULL, example: 40 }) pairs_per_minute!: number | null;
  @ApiProperty(NUMBER_OR_NULL) answers_per_minute!: number | null;
}

/** The figures of one version's answers to users. */
@ApiSchema({ name: 'SideFigures' })
export class SideFiguresDto {
  @ApiProperty({ type: 'integer' }) requests!: number;
  @ApiProperty({ type: 'integer' }) errors!: number;
  @ApiProperty(NUMBER_OR_NULL) error_rate!: number | null;
  @ApiProperty(NUMBER_OR_NULL) latency_p50_ms!: number | null;
  @ApiProperty(NUMBER_OR_NULL) latency_p99_ms!: number | null;
  @ApiProperty(NUMBER_OR_NULL) worker_us_per_padded_token!: number | null;
  @ApiProperty({ ...COUNTS, example: { POSITIVE: 61, NEGATIVE: 39 } }) labels!: object;
  @ApiProperty({ ...NUMBER_OR_NULL, description: 'Of the answers whose truth came by POST /feedback.' })
  feedback_accuracy!: number | null;
  @ApiProperty({ type: 'integer' }) feedback!: number;
  @ApiProperty(NUMBER_OR_NULL) kpi_mean!: number | null;
}

/** The figures of both versions' answers to the same texts: of distinct texts, except the fields `traffic_…`. */
@ApiSchema({ name: 'PairFigures' })
export class PairFiguresDto {
  @ApiProperty({ type: 'integer' }) texts!: number;
  @ApiProperty({ type: 'integer' }) disagreements!: number;
  @ApiProperty(NUMBER_OR_NULL) disagreement_rate!: number | null;
  @ApiProperty({ type: 'integer' }) traffic_texts!: number;
  @ApiProperty(NUMBER_OR_NULL) traffic_disagreement_rate!: number | null;
  @ApiProperty({ ...COUNTS, example: { 'POSITIVE>NEGATIVE': 3 } }) flips!: object;
  @ApiProperty(NUMBER_OR_NULL) mean_score_shift!: number | null;
  @ApiProperty(NUMBER_OR_NULL) mean_absolute_score_shift!: number | null;
  @ApiProperty({ type: 'integer' }) canary_only_errors!: number;
  @ApiProperty({ type: 'integer' }) stable_only_errors!: number;
}

@ApiSchema({ name: 'WindowFigures' })
export class WindowFiguresDto {
  @ApiProperty({ type: SideFiguresDto }) stable!: SideFiguresDto;
  @ApiProperty({ type: SideFiguresDto }) canary!: SideFiguresDto;
  @ApiProperty({ type: PairFiguresDto }) pairs!: PairFiguresDto;
}

@ApiSchema({ name: 'RolloutFigures' })
export class RolloutFiguresDto {
  @ApiProperty({ type: WindowFiguresDto, description: 'Since the step began.' }) step!: WindowFiguresDto;
  @ApiProperty({ type: WindowFiguresDto, description: 'Since the rollout began.' }) total!: WindowFiguresDto;
}

/** A text that the two versions label differently. */
@ApiSchema({ name: 'RolloutFlip' })
export class RolloutFlipDto {
  @ApiProperty({ description: '16 hex digits of the text’s sha256.', example: '0f3a52c91be4d870' })
  hash!: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'UTF-16 units of the text.' }) length!: number;
  @ApiProperty({ example: 'NEGATIVE' }) stable_label!: string;
  @ApiProperty({ example: 'POSITIVE' }) canary_label!: string;
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.5231 }) stable_score!: number;
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.6018 }) canary_score!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The text, or the beginning of a long one; null unless LOG_TEXT is set.',
  })
  text!: string | null;
}

@ApiSchema({ name: 'RolledBackVersion' })
export class RolledBackVersionDto {
  @ApiProperty() version!: string;
  @ApiProperty() digest!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty() reason!: string;
}

@ApiSchema({ name: 'RolloutMoveCause' })
export class RolloutMoveCauseDto {
  @ApiProperty({ enum: ['admin', 'gate', 'ramp', 'configuration', 'environment', 'recovery'] }) by!: string;
  @ApiProperty() detail!: string;
  @ApiProperty({ type: String, nullable: true }) request_id!: string | null;
}

@ApiSchema({ name: 'RolloutPoint' })
export class RolloutPointDto {
  @ApiProperty({ enum: PHASES, enumName: 'RolloutPhase', example: 'running' }) phase!: string;
  @ApiProperty() stable!: string;
  @ApiProperty({ type: String, nullable: true }) canary!: string | null;
  @ApiProperty() percent!: number;
}

@ApiSchema({ name: 'RolloutMoveFigures' })
export class RolloutMoveFiguresDto {
  @ApiProperty({ enum: VERDICTS }) verdict!: string;
  @ApiProperty({ type: 'integer' }) elapsed_in_step_ms!: number;
  @ApiProperty({ type: 'integer' }) pairs!: number;
  @ApiProperty({ type: 'integer' }) disagreements!: number;
  @ApiProperty({ type: 'integer' }) stable_requests!: number;
  @ApiProperty({ type: 'integer' }) stable_errors!: number;
  @ApiProperty({ type: 'integer' }) canary_requests!: number;
  @ApiProperty({ type: 'integer' }) canary_errors!: number;
}

@ApiSchema({ name: 'RolloutMove' })
export class RolloutMoveDto {
  @ApiProperty({ type: 'integer' }) revision!: number;
  @ApiProperty({ format: 'date-time' }) at!: string;

  @ApiProperty({
    enum: ['start', 'set', 'step', 'pause', 'resume', 'promote', 'roll_back', 'clear', 'recover'],
  })
  move!: string;

  @ApiProperty({ type: RolloutPointDto }) from!: RolloutPointDto;
  @ApiProperty({ type: RolloutPointDto }) to!: RolloutPointDto;
  @ApiProperty({ type: RolloutMoveCauseDto }) cause!: RolloutMoveCauseDto;
  @ApiProperty() forced!: boolean;
  @ApiProperty({ type: RolloutMoveFiguresDto, nullable: true }) figures!: RolloutMoveFiguresDto | null;
}

/** One model's rollout. */
@ApiSchema({ name: 'Rollout' })
export class RolloutDto {
  @ApiProperty({ example: 'sentiment' }) model_name!: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Counts the moves.', example: 3 })
  revision!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Null while nothing was ever rolled out.' })
  rollout_id!: string | null;

  @ApiProperty({ enum: PHASES, enumName: 'RolloutPhase', example: 'running' }) phase!: string;

  @ApiProperty({
    enum: ['auto', 'manual', 'shadow'],
    description:
      '`auto`: the gates act. `manual`: they are shown. `shadow`: users get the stable version only.',
  })
  mode!: string;

  @ApiProperty({ type: RolloutVersionDto, nullable: true }) stable!: RolloutVersionDto | null;
  @ApiProperty({ type: RolloutVersionDto, nullable: true }) canary!: RolloutVersionDto | null;

  @ApiProperty({
    type: RolloutVersionDto,
    nullable: true,
    description: 'Stable before the last promotion; a rollback leads back to it.',
  })
  last_good!: RolloutVersionDto | null;

  @ApiProperty({ description: 'True when a version whose accuracy is not on record was forced.' })
  forced!: boolean;

  @ApiProperty({
    minimum: 0,
    maximum: 100,
    description: 'The canary’s share of new requests now.',
    example: 5,
  })
  percent!: number;

  @ApiProperty({ minimum: 0, maximum: 100, description: 'Its share by the state alone.', example: 5 })
  state_percent!: number;

  @ApiProperty({ type: RolloutStepDto, nullable: true }) step!: RolloutStepDto | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) since!: string | null;

  @ApiProperty({
    enum: ['rolled_back', 'canary_percent_0', 'state', 'canary_percent', 'file'],
    description: 'Who decides about `percent`, highest first.',
  })
  decided_by!: string;

  @ApiProperty({ description: 'The same, in words.' }) decided_because!: string;

  @ApiProperty({ description: 'Whether the canary that the file names is stable already.' })
  already_promoted!: boolean;

  @ApiProperty({
    type: RolloutVerdictDto,
    nullable: true,
    description: 'Null while there is nothing to judge.',
  })
  verdict!: RolloutVerdictDto | null;

  @ApiProperty({
    type: VerdictEstimateDto,
    nullable: true,
    description: 'When there will be enough samples for a verdict. Null while there is nothing to judge.',
  })
  verdict_estimate!: VerdictEstimateDto | null;

  @ApiProperty({ type: RolloutFiguresDto, nullable: true }) figures!: RolloutFiguresDto | null;

  @ApiProperty({
    type: [RolloutFlipDto],
    maxItems: 50,
    description: 'A sample of the texts that the two versions label differently.',
  })
  flips!: readonly RolloutFlipDto[];

  @ApiProperty({ type: 'integer', description: 'Texts of the canary that are being answered.' })
  in_flight!: number;

  @ApiProperty({ type: [RolledBackVersionDto], description: 'Digests that get nothing until clear.' })
  rolled_back!: readonly RolledBackVersionDto[];

  @ApiProperty({
    type: [String],
    description: 'What keeps the rollout from going on; empty when all is well.',
  })
  problems!: readonly string[];

  @ApiProperty({ type: [RolloutMoveDto], description: 'The last moves, oldest first.' })
  history!: readonly RolloutMoveDto[];
}

@ApiSchema({ name: 'RolloutList' })
export class RolloutListDto {
  @ApiProperty({ type: [RolloutDto] }) rollouts!: RolloutDto[];
}
