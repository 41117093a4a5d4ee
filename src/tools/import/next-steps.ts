import { TASK_TRAITS } from '../../registry/tasks.js';
import type { Manifest } from '../../registry/manifest.js';
import { PLAIN, type Screen } from '../../base/terminal/screen.js';
import { textWidth, wrapCommand, wrapLine } from '../../base/terminal/wrap.js';

interface Step {
  readonly command: string;
  /** What a reader should know of it. */
  readonly remark?: string;
}

/** The commands that come after an import, one a line; a remark stands behind its command, or below it on a narrow screen. */
export function nextSteps(
  manifest: Pick<Manifest, 'model' | 'version' | 'task'>,
  screen: Screen = PLAIN,
): string[] {
  return stepsAfter(manifest).flatMap(({ command, remark }) => {
    if (remark === undefined) return wrapCommand(command, screen);
    const asOne = `${command}    (${remark})`;
    if (textWidth(asOne) <= screen.columns) return [asOne];
    return [...wrapCommand(command, screen), ...wrapLine(`    (${remark})`, screen.columns, 1)];
  });
}

function stepsAfter({ model, version, task }: Pick<Manifest, 'model' | 'version' | 'task'>): Step[] {
  const name = `${model}/${version}`;
  const verify = { command: `serin models verify ${name}` };
  if (TASK_TRAITS[task].severalLabels) {
    return [
      verify,
      {
        command: `serin canary set ${model} --version ${version} --percent N --force`,
        remark:
          'serin evaluate knows one label per text only: measure it yourself first; no rollout takes it without --force',
      },
    ];
  }
  return [
    verify,
    {
      command: `serin evaluate ${name} --against VERSION --data FILE --record`,
      remark: 'no rollout takes it before',
    },
    {
      command: `serin evaluate ${name} --min-accuracy SHARE --data FILE --record`,
      remark: 'instead, for a first version',
    },
  ];
}
