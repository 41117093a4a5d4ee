import { ApiProperty, ApiSchema } from '@nestjs/swagger';

@ApiSchema({ name: 'ClientShare' })
export class ClientShareDto {
  @ApiProperty({
    type: String,
    example: 'key:shop',
    description:
      '`key:<name>`, or `address:<network>` without keys; empty for texts that the service itself asks.',
  })
  client!: string;

  @ApiProperty({ minimum: 0, maximum: 1, description: "Its part of the workers' time in the last seconds." })
  share!: number;

  @ApiProperty({ minimum: 0, description: 'Predicted work of its texts that wait now, in milliseconds.' })
  waiting_work_ms!: number;

  @ApiProperty({ minimum: 0, description: 'The weight with which it takes turns.' })
  weight!: number;
}

/** The clients that use the workers now. */
@ApiSchema({ name: 'ClientShares' })
export class ClientSharesDto {
  @ApiProperty({ type: [ClientShareDto], description: 'At most ten, the largest share first.' })
  clients!: ClientShareDto[];
}
