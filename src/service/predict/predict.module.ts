import { Module } from '@nestjs/common';
import { AnswersModule } from '../answers/answers.module.js';
import { PredictController } from './predict.controller.js';

/** The routes that classify texts. */
@Module({ imports: [AnswersModule], controllers: [PredictController] })
export class PredictModule {}
