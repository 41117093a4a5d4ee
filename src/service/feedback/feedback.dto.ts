import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsNumber,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';

/** Skips the rules for an absent field, but not for null, because null would hide a client's mistake. */
const WhenPresent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

const ID_MESSAGE = 'must be the request_id of an answer: 1 to 128 characters of A-Z a-z 0-9 . _ : -';
const INDEX_MESSAGE = 'must be a whole number, at least 0: the place of the text in its batch';

/** Limits a kpi so that a sum of squares of any number of kpis stays finite. */
const MAX_KPI = 1e12;
const KPI_MESSAGE = 'must be a number from -1e12 to 1e12';

const LABELS_MESSAGE = 'must be a list of different labels of the model: all that would have been right';

/** More than any model has; a longer list is a mistake. */
const MAX_LABELS = 100_000;

export class FeedbackRequest {
  @ApiProperty({
    description: 'The `request_id` of the answer that this is about.',
    example: '5f1c7f9a0d7e4c0b8a1d2e3f40516273',
  })
  @IsString({ message: ID_MESSAGE })
  @Matches(/^[A-Za-z0-9._:-]{1,128}$/, { message: ID_MESSAGE })
  request_id!: string;

  @ApiPropertyOptional({
    description: 'Which text of a POST /predict_batch, from 0; to be left out for POST /predict.',
    type: 'integer',
    minimum: 0,
    example: 0,
  })
  @WhenPresent()
  @IsInt({ message: INDEX_MESSAGE })
  @Min(0, { message: INDEX_MESSAGE })
  index?: number;

  @ApiPropertyOptional({
    description:
      'The label that would have been right: one of the model’s. Where a text may have several, one that it should have.',
    example: 'POSITIVE',
  })
  @WhenPresent()
  @IsString({ message: 'must be a string: one of the model’s labels' })
  label?: string;

  @ApiPropertyOptional({
    description:
      'Instead of `label`, for a model that gives a text any number of labels: all labels that would have been right, ' +
      'none of them left out. The answer was right when it gave exactly these.',
    type: [String],
    maxItems: MAX_LABELS,
    uniqueItems: true,
    example: ['toxic', 'insult'],
  })
  @WhenPresent()
  @IsArray({ message: LABELS_MESSAGE })
  @ArrayMaxSize(MAX_LABELS, { message: LABELS_MESSAGE })
  @ArrayUnique({ message: LABELS_MESSAGE })
  @IsString({ each: true, message: LABELS_MESSAGE })
  labels?: string[];

  @ApiPropertyOptional({
    description: 'What the answer was worth, in a unit of yours; more is better.',
    type: 'number',
    minimum: -MAX_KPI,
    maximum: MAX_KPI,
    example: 1,
  })
  @WhenPresent()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: KPI_MESSAGE })
  @Min(-MAX_KPI, { message: KPI_MESSAGE })
  @Max(MAX_KPI, { message: KPI_MESSAGE })
  kpi?: number;
}

@ApiSchema({ name: 'FeedbackAnswer' })
export class FeedbackAnswerDto {
  @ApiProperty({
    description: 'That of the answer, not of this request.',
    example: '5f1c7f9a0d7e4c0b8a1d2e3f40516273',
  })
  request_id!: string;

  @ApiProperty({ example: 'sentiment' })
  model_name!: string;

  @ApiProperty({ description: 'The version that gave the answer.', example: 'v1' })
  model_version!: string;

  @ApiProperty({
    description: 'False when all of it had been told before: the first label and the first kpi count.',
  })
  counted!: boolean;
}
