import { Module } from '@nestjs/common';
import { CanaryModule } from '../canary/canary.module.js';
import { AnsweredTexts } from './answered-texts.js';
import { FeedbackController } from './feedback.controller.js';
import { FeedbackService } from './feedback.service.js';

@Module({
  imports: [CanaryModule],
  controllers: [FeedbackController],
  providers: [AnsweredTexts, FeedbackService],
  exports: [AnsweredTexts],
})
export class FeedbackModule {}
