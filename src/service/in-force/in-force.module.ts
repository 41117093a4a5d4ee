import { Module } from '@nestjs/common';
import { RolloutsInForce } from './rollouts-in-force.js';

/** Which rollouts are in force. */
@Module({ providers: [RolloutsInForce], exports: [RolloutsInForce] })
export class InForceModule {}
