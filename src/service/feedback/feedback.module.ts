import { Module } from '@nestjs/common';
import { AnswersModule } from '../answers/answers.module.js';
import { RolloutModule } from '../rollout/rollout.module.js';
import { AnsweredTexts } from './answered-texts.js';
import { FeedbackController } from './feedback.controller.js';
import { FeedbackService } from './feedback.service.js';

@Module({
  imports: [AnswersModule, RolloutModule],
  controllers: [FeedbackController],
  providers: [AnsweredTexts, FeedbackService],
})
export class FeedbackModule {}
