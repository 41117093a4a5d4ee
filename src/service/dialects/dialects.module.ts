import { Module } from '@nestjs/common';
import { AnswersModule } from '../answers/answers.module.js';
import { Dialects } from './dialects.js';
import { NativeDialect } from './native/native-dialect.js';
import { WireAnswers } from './wire-answers.js';

/** The wire formats, and the service that answers in any of them. */
@Module({
  imports: [AnswersModule],
  providers: [WireAnswers, Dialects, NativeDialect],
  exports: [WireAnswers, Dialects, NativeDialect],
})
export class DialectsModule {}
