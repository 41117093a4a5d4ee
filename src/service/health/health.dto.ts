import { ApiProperty, ApiSchema } from '@nestjs/swagger';

const INDICATORS = {
  type: 'object' as const,
  additionalProperties: {
    type: 'object' as const,
    required: ['status'],
    properties: { status: { type: 'string' as const, enum: ['up', 'degraded', 'down'] } },
    additionalProperties: true,
  },
};

/** The answer of @nestjs/terminus, with status 200 and with status 503. */
@ApiSchema({ name: 'Health' })
export class HealthDto {
  @ApiProperty({
    enum: ['ok', 'degraded', 'error', 'shutting_down'],
    description:
      '`degraded` (200): requests are served, but a configured version or part of the pool is missing.',
    example: 'ok',
  })
  status!: string;

  @ApiProperty({ ...INDICATORS, description: 'The indicators that are up or degraded.' })
  info!: object;

  @ApiProperty({ ...INDICATORS, description: 'The indicators that are down.' })
  error!: object;

  @ApiProperty({ ...INDICATORS, description: 'All indicators.' })
  details!: object;
}

/** The result of the last replay of golden texts. */
@ApiSchema({ name: 'TokenizationHealth' })
export class TokenizationHealthDto {
  @ApiProperty({
    enum: ['up', 'degraded', 'down', 'unknown'],
    description:
      '`degraded`: labels agree, a score differs by more than the tolerance. `unknown`: not replayed yet.',
  })
  status!: string;

  @ApiProperty({ type: 'integer', description: 'Golden texts replayed.', example: 4 })
  texts!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Largest difference from the recorded scores.' })
  max_score_difference!: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'What differed.' })
  reason!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  checked_at!: string | null;
}

@ApiSchema({ name: 'FullHealth' })
export class FullHealthDto extends HealthDto {
  @ApiProperty({ description: 'The default model.', example: 'sentiment' })
  model_name!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Its stable version.', example: 'v1' })
  model_version!: string | null;

  @ApiProperty({ type: TokenizationHealthDto })
  tokenization!: TokenizationHealthDto;
}
