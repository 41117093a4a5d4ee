import { Module } from '@nestjs/common';
import { InForceModule } from '../in-force/in-force.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { Admission, TimedAdmission } from '../../engine/dispatch/admission.js';
import { Executor } from '../../engine/dispatch/executor.js';
import { FirstUse } from './first-use.js';
import { PoolExecutor, WORKER_ENTRY } from './pool-executor.js';
import { WORKER_ENTRY_FILE } from '../../engine/pool/worker-handle.js';
import { InferencePoolStatus } from './pool-status.js';
import { PipelineVersions } from './pipeline-versions.js';
import { VersionExecutor } from './version-executor.js';
import { VersionHost } from './version-host.js';
import { VersionLoader } from './version-loader.js';

/** Background texts admitted at once: one idle worker finishes them in a fraction of a second. */
const BACKGROUND_LIMIT = 64;

@Module({
  imports: [InForceModule, ModelRegistryModule],
  providers: [
    { provide: WORKER_ENTRY, useValue: WORKER_ENTRY_FILE },
    {
      provide: Admission,
      inject: [SERIN_CONFIG],
      useFactory: ({ queueLimit }: SerinConfig) =>
        new TimedAdmission({ user: queueLimit, background: BACKGROUND_LIMIT }),
    },
    PoolExecutor,
    PipelineVersions,
    { provide: Executor, useClass: VersionExecutor },
    { provide: InferencePoolStatus, useExisting: PoolExecutor },
    { provide: VersionHost, useExisting: PoolExecutor },
    VersionLoader,
    FirstUse,
  ],
  exports: [Executor, FirstUse, PipelineVersions, InferencePoolStatus, VersionLoader],
})
export class InferenceModule {}
