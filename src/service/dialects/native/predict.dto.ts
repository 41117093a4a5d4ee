import { ApiProperty, ApiPropertyOptional, getSchemaPath, ApiSchema } from '@nestjs/swagger';
import { ArrayNotEmpty, IsArray, IsInt, IsString, Matches, Min, ValidateIf } from 'class-validator';
import { ERROR_TABLE } from '../../../base/errors/codes.js';
import { ProblemDto } from '../../request/problem.dto.js';

const TOP_K_MESSAGE = 'must be a whole number, at least 1';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const NAME_MESSAGE = 'must be a name of 1 to 128 letters, digits, dots, dashes and underscores';

/** Skips the rules for an absent field, but not for null, because null would hide a client's mistake. */
const WhenPresent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

/** Options of a prediction: the model, the version, and the number of labels. */
export class PredictOptions {
  @ApiPropertyOptional({
    description: 'Name of a model; the default model when absent.',
    example: 'sentiment',
  })
  @WhenPresent()
  @Matches(NAME, { message: NAME_MESSAGE })
  model?: string;

  @ApiPropertyOptional({
    description: 'Name of a version; when absent the rollout decides.',
    example: 'v1',
  })
  @WhenPresent()
  @Matches(NAME, { message: NAME_MESSAGE })
  version?: string;

  @ApiPropertyOptional({
    description: 'Asks for `scores`: the best top_k labels, all of them when there are fewer.',
    type: 'integer',
    minimum: 1,
    example: 2,
  })
  @WhenPresent()
  @IsInt({ message: TOP_K_MESSAGE })
  @Min(1, { message: TOP_K_MESSAGE })
  top_k?: number;
}

export class PredictRequest extends PredictOptions {
  @ApiProperty({
    description:
      'Text to classify; not blank. What exceeds the version’s max_tokens is cut and `truncated` says so.',
    example: 'A gripping, beautifully shot film.',
  })
  @IsString({ message: 'must be a string' })
  text!: string;
}

export class PredictBatchRequest extends PredictOptions {
  @ApiProperty({
    description: 'Texts to classify, at most MAX_TEXTS. A bad one is answered by an error in its place.',
    type: [String],
    minItems: 1,
    example: ['A gripping film.', 'Two hours I will not get back.'],
  })
  // The rule that stands last is looked at first.
  @ArrayNotEmpty({ message: 'must not be empty' })
  @IsArray({ message: 'must be an array of strings' })
  texts!: unknown[];
}

@ApiSchema({ name: 'LabelScore' })
export class LabelScoreDto {
  @ApiProperty({ example: 'POSITIVE' })
  label!: string;

  @ApiProperty({ minimum: 0, maximum: 1, example: 0.9987 })
  score!: number;
}

/** The answer about one text. */
@ApiSchema({ name: 'TextAnswer' })
export class TextAnswerDto {
  @ApiProperty({ description: 'The best label.', example: 'POSITIVE' })
  label!: string;

  @ApiProperty({ description: 'Score of the best label.', minimum: 0, maximum: 1, example: 0.9987 })
  score!: number;

  @ApiProperty({ example: 'sentiment' })
  model_name!: string;

  @ApiProperty({ example: 'v1' })
  model_version!: string;

  @ApiProperty({ description: 'True when the answer came from the cache.' })
  cache_hit!: boolean;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'Tokens that entered the model, special ones included.',
  })
  tokens!: number;

  @ApiProperty({ description: 'True when the text was longer than max_tokens and was cut.' })
  truncated!: boolean;

  @ApiPropertyOptional({ type: [LabelScoreDto], description: 'Best first; there when top_k was given.' })
  scores?: LabelScoreDto[];
}

@ApiSchema({ name: 'PredictAnswer' })
export class PredictAnswerDto extends TextAnswerDto {
  @ApiProperty({ minimum: 0, description: 'Milliseconds from arrival to answer.', example: 4.2 })
  latency_ms!: number;

  @ApiProperty({ example: '5f1c7f9a0d7e4c0b8a1d2e3f40516273' })
  request_id!: string;
}

@ApiSchema({ name: 'TextError' })
export class TextErrorDto {
  @ApiProperty({ type: () => ProblemDto })
  error!: ProblemDto;
}

@ApiSchema({ name: 'PredictBatchAnswer' })
export class PredictBatchAnswerDto {
  @ApiProperty({
    description: 'One per text, in order.',
    type: 'array',
    items: { oneOf: [{ $ref: getSchemaPath(TextAnswerDto) }, { $ref: getSchemaPath(TextErrorDto) }] },
  })
  results!: (TextAnswerDto | TextErrorDto)[];

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'How many of the results are errors.',
    example: 0,
  })
  failed!: number;

  @ApiProperty({ example: 'sentiment' })
  model_name!: string;

  @ApiProperty({ minimum: 0, description: 'Milliseconds from arrival to answer.', example: 9.8 })
  latency_ms!: number;

  @ApiProperty({ example: '5f1c7f9a0d7e4c0b8a1d2e3f40516273' })
  request_id!: string;
}

/** A batch whose texts all failed for one reason that another attempt can change. */
@ApiSchema({ name: 'FailedBatchAnswer' })
export class FailedBatchAnswerDto extends PredictBatchAnswerDto {
  @ApiProperty({
    enum: Object.keys(ERROR_TABLE),
    enumName: 'ErrorCode',
    description: 'The code of all results.',
    example: 'DEADLINE_EXCEEDED',
  })
  code!: string;

  @ApiProperty({ example: 'Each of the 2 texts failed: The answer was not ready in time.' })
  detail!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Milliseconds until a retry makes sense.',
    example: 1000,
  })
  retry_after_ms!: number;
}
