import { Module } from '@nestjs/common';
import { DialectsModule } from '../dialects/dialects.module.js';
import { PredictController } from './predict.controller.js';

/** The routes that classify texts. */
@Module({ imports: [DialectsModule], controllers: [PredictController] })
export class PredictModule {}
