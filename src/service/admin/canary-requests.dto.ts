import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsInt,
  IsNumber,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';

const PERCENT_MESSAGE = 'must be a number from 0 to 100, in hundredths at the finest, such as 5 or 0.25';
const REVISION_MESSAGE = 'must be the revision that GET told, a whole number, at least 0';
const VERSION_MESSAGE =
  'must be the name of a version: 1 to 64 letters, digits, dots, dashes and underscores';
const REASON_MESSAGE = 'must be text of at most 500 characters';

/** Skips the rules for an absent field, but not for null, because null would hide a client's mistake. */
const WhenPresent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

/** The optional fields of every change of a rollout. */
export class RolloutChange {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'The revision that GET told. When the rollout has moved on since, the answer is CONFLICT.',
    example: 3,
  })
  @WhenPresent()
  @IsInt({ message: REVISION_MESSAGE })
  @Min(0, { message: REVISION_MESSAGE })
  revision?: number;

  @ApiPropertyOptional({ description: 'Kept with the move, and written to the audit log.', maxLength: 500 })
  @WhenPresent()
  @IsString({ message: REASON_MESSAGE })
  @MaxLength(500, { message: REASON_MESSAGE })
  reason?: string;
}

/** Sets the canary's share; with `version` it also sets another canary. */
export class RolloutShareRequest extends RolloutChange {
  @ApiPropertyOptional({
    description: 'The version to be canary; it must be loaded. Absent: the canary as it is.',
    example: 'v2',
  })
  @WhenPresent()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { message: VERSION_MESSAGE })
  version?: string;

  @ApiProperty({
    minimum: 0,
    maximum: 100,
    multipleOf: 0.01,
    description: 'Share of the traffic.',
    example: 5,
  })
  @IsNumber({ maxDecimalPlaces: 2 }, { message: PERCENT_MESSAGE })
  @Min(0, { message: PERCENT_MESSAGE })
  @Max(100, { message: PERCENT_MESSAGE })
  percent!: number;

  @ApiPropertyOptional({
    description:
      'Takes a version whose accuracy is not on record; the rollout is called forced from then on.',
  })
  @WhenPresent()
  @IsBoolean({ message: 'must be true or false' })
  force?: boolean;
}
