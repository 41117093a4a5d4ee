import { IsInt, IsOptional, IsString, Matches, Min } from 'class-validator';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The fields and rules of the service's own POST /predict. */
export class ConstantRequest {
  @IsString()
  text!: string;

  @IsOptional()
  @Matches(NAME)
  model?: string;

  @IsOptional()
  @Matches(NAME)
  version?: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  top_k?: number;
}
