import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { readAcceptance } from '../../registry/acceptance.js';
import type { VersionStatus } from './model-registry.service.js';

const STATES = ['discovered', 'loading', 'warming', 'ready', 'draining', 'unloaded', 'failed'];

/** The recorded accuracy, with its 95 % interval. */
@ApiSchema({ name: 'Accuracy' })
export class AccuracyDto {
  @ApiProperty({ example: 'sst2/dev' }) data_set!: string;
  @ApiProperty({ type: 'integer', example: 872 }) n!: number;
  @ApiProperty({ type: 'integer', example: 795 }) correct!: number;
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.9117 }) accuracy!: number;
  @ApiProperty({ type: [Number], minItems: 2, maxItems: 2, example: [0.891, 0.9287] }) interval_95!: number[];
}

/** One machine on which the version reproduced its reference outputs. */
@ApiSchema({ name: 'Parity' })
export class ParityDto {
  @ApiProperty({ example: 'x86_64' }) cpu!: string;
  @ApiProperty({ type: [String], example: ['avx2', 'avx512_vnni'] }) features!: string[];
  @ApiProperty({ example: '1.30.0' }) onnxruntime!: string;
  @ApiProperty({ type: 'integer', example: 1000 }) parity_texts!: number;
  @ApiProperty({ minimum: 0, example: 0.0004 }) max_score_difference!: number;
  @ApiProperty({ type: 'integer', example: 0 }) label_flips!: number;
  @ApiPropertyOptional({
    type: 'integer',
    description: 'Resident bytes of a worker process with this version alone, where they were measured.',
    example: 251900000,
  })
  worker_rss_bytes?: number;
}

/** How much an answer changes with the texts that share its batch. */
@ApiSchema({ name: 'BatchVariance' })
export class BatchVarianceDto {
  @ApiProperty({ type: 'integer', example: 872 }) n!: number;
  @ApiProperty({ type: 'integer', example: 8 }) batch_size!: number;
  @ApiProperty({ type: 'integer', example: 0 }) label_flips!: number;
  @ApiProperty({ minimum: 0, example: 0.000002 }) max_score_change!: number;
}

/** One version; the fields from its manifest are null when the manifest cannot be read. */
@ApiSchema({ name: 'Version' })
export class VersionDto {
  @ApiProperty({ example: 'v1' }) version!: string;
  @ApiProperty({ enum: STATES, enumName: 'VersionState', example: 'ready' }) state!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Why it failed.' })
  reason!: string | null;

  @ApiProperty({ enum: ['stable', 'canary', 'last_good'], nullable: true, type: String, example: 'stable' })
  role!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'sha256 of the manifest.' })
  digest!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'text-classification' })
  task!: string | null;

  @ApiProperty({ type: [String], nullable: true, example: ['NEGATIVE', 'POSITIVE'] })
  labels!: readonly string[] | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 256 })
  max_tokens!: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'fp32' })
  precision!: string | null;

  @ApiProperty({ type: AccuracyDto, nullable: true })
  accuracy!: AccuracyDto | null;

  @ApiProperty({ type: [ParityDto], nullable: true })
  parity!: readonly ParityDto[] | null;

  @ApiProperty({ type: BatchVarianceDto, nullable: true })
  batch_variance!: BatchVarianceDto | null;

  @ApiProperty({ type: Boolean, nullable: true, description: 'Whether a rollout takes it without being forced to.' })
  accepted!: boolean | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why, by its acceptance record or its manifest.' })
  acceptance_reason!: string | null;
}

/** A version as HTTP shows it. */
export function versionDtoOf({ name, version, state, reason, role }: VersionStatus): VersionDto {
  const manifest = version?.manifest;
  const acceptance = version === null ? null : readAcceptance(version);
  const accuracy = acceptance?.accuracy;
  return {
    version: name,
    state,
    reason,
    role,
    digest: version?.digest ?? null,
    task: manifest?.task ?? null,
    labels: manifest?.labels ?? null,
    max_tokens: manifest?.max_tokens ?? null,
    precision: manifest?.precision ?? null,
    accuracy: accuracy ? { ...accuracy, interval_95: [...accuracy.interval_95] } : null,
    parity: manifest?.checked_on?.map((record) => ({ ...record, features: [...record.features] })) ?? null,
    batch_variance: manifest?.batch_variance ?? null,
    accepted: acceptance?.accepted ?? null,
    acceptance_reason: acceptance?.reason ?? null,
  };
}

@ApiSchema({ name: 'Model' })
export class ModelDto {
  @ApiProperty({ example: 'sentiment' }) model_name!: string;
  @ApiProperty({ description: 'Whether requests that name no model mean this one.' }) default!: boolean;
  @ApiProperty({ type: [VersionDto] }) versions!: VersionDto[];
}

@ApiSchema({ name: 'ModelList' })
export class ModelListDto {
  @ApiProperty({ type: [ModelDto] }) models!: ModelDto[];
}
