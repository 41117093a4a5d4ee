import { Module } from '@nestjs/common';
import { RolloutsInForce } from './rollouts-in-force.js';

/** Holds the rollouts in force. */
@Module({ providers: [RolloutsInForce], exports: [RolloutsInForce] })
export class InForceModule {}
