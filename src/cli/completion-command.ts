import { Argument, type Command } from 'commander';
import { bashScript } from './completion/bash-script.js';
import { commandNodes } from './completion/command-tree.js';
import { fishScript } from './completion/fish-script.js';
import { zshScript } from './completion/zsh-script.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

const HELP = `
To have it in every new shell
  bash  echo 'source <(serin completion bash)' >> ~/.bashrc
  zsh   echo 'source <(serin completion zsh)' >> ~/.zshrc
  fish  serin completion fish > ~/.config/fish/completions/serin.fish

Commands and flags are completed, and the models and versions of the registry
that MODEL_REGISTRY names, else of ./model-registry.`;

/** `serin completion`: a script by which a shell completes what this program has. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .summary('write what a shell needs to complete commands, flags and versions')
    .description('Writes a script to stdout by which a shell completes commands, flags and versions.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: keyof typeof SCRIPTS) => {
      process.stdout.write(SCRIPTS[shell](commandNodes(program)));
    });
}
