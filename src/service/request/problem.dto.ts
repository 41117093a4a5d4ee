import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ERROR_TABLE } from '../../base/errors/codes.js';

@ApiSchema({ name: 'FieldError' })
export class FieldErrorDto {
  @ApiProperty({ example: 'text' })
  field!: string;

  @ApiProperty({
    description: 'A sentence about the field, which begins with its name.',
    example: 'text must be a string',
  })
  message!: string;
}

/** The problem object in the OpenAPI document; problem.ts makes it. */
@ApiSchema({ name: 'Problem' })
export class ProblemDto {
  @ApiProperty({ example: 'urn:serin:error:invalid_request' })
  type!: string;

  @ApiProperty({ example: 'Invalid request' })
  title!: string;

  @ApiProperty({ type: 'integer', example: 400 })
  status!: number;

  @ApiProperty({ example: 'text must be a string.' })
  detail!: string;

  @ApiProperty({ enum: Object.keys(ERROR_TABLE), enumName: 'ErrorCode', example: 'INVALID_REQUEST' })
  code!: string;

  @ApiProperty({ example: '5f1c7f9a0d7e4c0b8a1d2e3f40516273' })
  request_id!: string;

  @ApiPropertyOptional({ type: [FieldErrorDto], description: 'Each offending field, ten at most.' })
  errors?: FieldErrorDto[];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'Milliseconds until a retry makes sense.',
  })
  retry_after_ms?: number;
}
