import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** The result of a purge of the cache. */
@ApiSchema({ name: 'CachePurge' })
export class CachePurgeDto {
  @ApiProperty({ type: String, nullable: true, description: 'The model that was asked for; null: all.' })
  model_name!: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Entries that this process held in memory.' })
  memory_entries!: number;

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'Whether the second level removed its entries too; null when there is none.',
  })
  second_level_purged!: boolean | null;
}
