import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InferencePoolStatus } from '../inference/pool-status.js';
import { ApiAdminToken } from '../request/api-security.js';
import { ANSWER_HEADERS, ApiRequestHeaders } from '../request/api-headers.js';
import { ApiProblems } from '../request/api-problems.js';
import { ClientSharesDto } from './clients.dto.js';

/** Clients that the answer names. */
const MOST_CLIENTS = 10;

/** Shows which clients use the workers. It stands under /admin, because names of keys and addresses are for operators. */
@ApiTags('admin')
@ApiAdminToken()
@ApiRequestHeaders()
@Controller('admin/clients')
export class ClientsController {
  constructor(private readonly pool: InferencePoolStatus) {}

  @Get()
  @ApiOperation({
    summary: 'See which clients use the workers',
    description: 'Computed texts alone: an answer from a cache takes no share.',
  })
  @ApiOkResponse({ type: ClientSharesDto, description: 'The largest shares.', headers: ANSWER_HEADERS })
  @ApiProblems('INVALID_REQUEST', 'UNAUTHENTICATED', 'NOT_FOUND', 'METHOD_NOT_ALLOWED')
  getClients(): ClientSharesDto {
    const clients = this.pool.largestClients(MOST_CLIENTS);
    return {
      clients: clients.map(({ client, share, waitingMs, weight }) => ({
        client,
        share: Math.round(share * 1000) / 1000,
        waiting_work_ms: Math.round(waitingMs),
        weight,
      })),
    };
  }
}
