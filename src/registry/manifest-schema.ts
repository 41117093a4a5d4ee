import { isJsonObject, type JsonObject } from '../base/json-object.js';
import 'reflect-metadata';
import { plainToInstance, Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import type {
  AccuracyRecord,
  BatchingSettings,
  BatchVariance,
  CheckedOn,
  FileRecord,
  Manifest,
  SessionSettings,
  UsedVersion,
} from './manifest.js';
import { isTaskName, TASK_NAMES, TASK_TRAITS, type TaskName } from './tasks.js';

/** Files without which a version that has a network cannot be served. */
const REQUIRED_FILES = ['model.onnx', 'tokenizer.json', 'tokenizer_config.json'] as const;

class SessionSchema implements SessionSettings {
  @IsIn(['disabled', 'basic', 'extended', 'all'])
  readonly graph_optimization_level!: SessionSettings['graph_optimization_level'];

  @IsArray()
  @IsString({ each: true })
  readonly disabled_optimizers!: string[];
}

class BatchingSchema implements BatchingSettings {
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  readonly max_padded_tokens!: number;

  @IsBoolean()
  readonly runs_alone!: boolean;
}

class FileSchema implements FileRecord {
  @Matches(/^[0-9a-f]{64}$/, { message: '$property must be 64 hexadecimal digits in lower case' })
  readonly sha256!: string;

  @IsInt()
  @Min(0)
  readonly bytes!: number;
}

class UsedVersionSchema implements UsedVersion {
  @IsString()
  @IsNotEmpty()
  readonly model!: string;

  @IsString()
  @IsNotEmpty()
  readonly version!: string;

  @Matches(/^[0-9a-f]{64}$/, { message: '$property must be 64 hexadecimal digits in lower case' })
  readonly digest!: string;
}

/** As IsOptional, but null is a value and at fault: what reads a manifest looks for undefined only. */
const IsAbsentOr = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

class AccuracySchema implements AccuracyRecord {
  @IsString()
  readonly data_set!: string;

  @IsInt()
  @Min(1)
  readonly n!: number;

  @IsInt()
  @Min(0)
  readonly correct!: number;

  @IsNumber()
  readonly accuracy!: number;

  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsNumber({}, { each: true })
  readonly interval_95!: [number, number];
}

class BatchVarianceSchema implements BatchVariance {
  @IsInt()
  readonly n!: number;

  @IsInt()
  readonly batch_size!: number;

  @IsInt()
  readonly label_flips!: number;

  @IsNumber()
  readonly max_score_change!: number;
}

class CheckedOnSchema implements CheckedOn {
  @IsString()
  readonly cpu!: string;

  @IsArray()
  @IsString({ each: true })
  readonly features!: string[];

  @IsString()
  readonly onnxruntime!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  readonly worker_rss_bytes?: number;

  @IsInt()
  readonly parity_texts!: number;

  @IsNumber()
  readonly max_score_difference!: number;

  @IsInt()
  readonly label_flips!: number;
}

class ManifestSchema {
  @IsIn([1], { message: 'schema_version must be 1: this release reads no other' })
  readonly schema_version!: 1;

  @IsString()
  @IsNotEmpty()
  readonly model!: string;

  @IsString()
  @IsNotEmpty()
  readonly version!: string;

  @IsIn(TASK_NAMES)
  readonly task!: TaskName;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  readonly labels!: string[];

  @IsInt()
  @Min(3)
  @Max(100_000)
  readonly max_tokens!: number;

  @IsIn(['left', 'right'])
  readonly truncation_side!: 'left' | 'right';

  @IsString()
  @IsNotEmpty()
  readonly precision!: string;

  @ValidateNested()
  @Type(() => SessionSchema)
  @IsNotEmpty()
  readonly session!: SessionSchema;

  @ValidateNested()
  @Type(() => BatchingSchema)
  @IsNotEmpty()
  readonly batching!: BatchingSchema;

  @IsObject()
  @Transform(({ value }: { value: unknown }) => value)
  readonly files!: Record<string, unknown>;

  @IsAbsentOr()
  @IsString()
  @IsNotEmpty()
  readonly pipeline?: string;

  @IsAbsentOr()
  @IsObject()
  @Transform(({ value }: { value: unknown }) => value)
  readonly uses?: Record<string, unknown>;

  @IsOptional()
  @ValidateNested()
  @Type(() => AccuracySchema)
  readonly accuracy?: AccuracySchema;

  @IsOptional()
  @ValidateNested()
  @Type(() => BatchVarianceSchema)
  readonly batch_variance?: BatchVarianceSchema;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => CheckedOnSchema)
  readonly checked_on?: CheckedOnSchema[];
}

/**
 * Reads and checks a manifest.
 * @throws Error with one sentence that names every field at fault
 */
export function parseManifest(json: string): Manifest {
  const raw = parseObject(json);
  const problems = describe(validateSync(plainToInstance(ManifestSchema, raw), { stopAtFirstError: true }));
  if (problems.length === 0) problems.push(...fileProblems(raw), ...usesProblems(raw));
  const labels = raw.labels;
  const wanted = isTaskName(raw.task) ? TASK_TRAITS[raw.task].labelCount : null;
  if (wanted !== null && Array.isArray(labels) && labels.length !== wanted) {
    problems.push(`labels must be ${wanted === 2 ? 'two' : wanted} for the task ${String(raw.task)}`);
  }
  if (problems.length > 0) throw new Error(`manifest.json: ${problems.join('; ')}`);
  return raw as unknown as Manifest;
}

function parseObject(json: string): JsonObject {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (error) {
    throw new Error(`manifest.json is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isJsonObject(raw)) throw new Error('manifest.json must be a JSON object');
  return raw;
}

function fileProblems(raw: JsonObject): string[] {
  const problems: string[] = [];
  const files = raw.files as Record<string, unknown>;
  for (const required of raw.pipeline === undefined ? REQUIRED_FILES : []) {
    if (!Object.hasOwn(files, required)) problems.push(`files must name ${required}`);
  }
  for (const [name, record] of Object.entries(files)) {
    // A name with a slash could point outside the version's folder.
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) problems.push(`files.${name} is not a plain file name`);
    const errors = describe(validateSync(plainToInstance(FileSchema, record ?? {})), `files.${name}.`);
    problems.push(...errors);
  }
  return problems;
}

function usesProblems({ model, version, pipeline, uses = {} }: JsonObject): string[] {
  const problems: string[] = [];
  const bound = Object.entries(uses as Record<string, unknown>);
  if (pipeline === undefined && bound.length > 0)
    problems.push('uses is for a version with a pipeline, and pipeline is missing');
  for (const [name, used] of bound) {
    if (!/^[a-z0-9_]+$/.test(name))
      problems.push(`uses.${name} is not a name of lower-case letters, digits and underscores`);
    const schema = plainToInstance(UsedVersionSchema, isJsonObject(used) ? used : {});
    problems.push(...describe(validateSync(schema, { stopAtFirstError: true }), `uses.${name}.`));
    if (schema.model === model && schema.version === version)
      problems.push(`uses.${name} is the version that the manifest is about`);
  }
  return problems;
}

function describe(errors: readonly ValidationError[], prefix = ''): string[] {
  return errors.flatMap(({ property, constraints, children }) => [
    ...Object.values(constraints ?? {}).map((message) => `${prefix}${message}`),
    ...describe(children ?? [], `${prefix}${property}.`),
  ]);
}
