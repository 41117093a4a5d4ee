import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';

const NAMESPACE = 'serin';

/**
 * Provides the configuration to every module under the token SERIN_CONFIG. It is loaded before Nest starts, because a
 * wrong setting must stop the start at once, and because flags take precedence over variables.
 */
@Module({})
export class SerinConfigModule {
  static forRoot(config: SerinConfig): DynamicModule {
    const nestConfig = ConfigModule.forRoot({
      ignoreEnvFile: true,
      // All code reads the validated object, never an environment variable.
      ignoreEnvVars: true,
      skipProcessEnv: true,
      load: [registerAs(NAMESPACE, () => config)],
    });
    return {
      module: SerinConfigModule,
      global: true,
      imports: [nestConfig],
      providers: [
        {
          provide: SERIN_CONFIG,
          inject: [ConfigService],
          useFactory: (service: ConfigService): SerinConfig => service.getOrThrow<SerinConfig>(NAMESPACE),
        },
      ],
      exports: [SERIN_CONFIG],
    };
  }
}
