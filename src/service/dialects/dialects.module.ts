import { Module } from '@nestjs/common';
import { AnswersModule } from '../answers/answers.module.js';
import { Dialects } from './dialects.js';
import { NativeDialect } from './native/native-dialect.js';
import { WireAnswers } from './wire-answers.js';

/** Wire formats, and what answers in any of them. */
@Module({
  imports: [AnswersModule],
  providers: [WireAnswers, Dialects, NativeDialect],
  exports: [WireAnswers, Dialects, NativeDialect],
})
export class DialectsModule {}
