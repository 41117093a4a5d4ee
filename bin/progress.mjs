// What a person sees while something takes long: on a terminal one line that is written anew each second, elsewhere a line
// every ten seconds, so that the log of a build stays short.
const TERMINAL_MS = 1_000;
const LOG_MS = 10_000;

export class Progress {
  #started = performance.now();
  #isTerminal = process.stderr.isTTY === true;
  #shown = false;
  #timer;

  /** @param state what is done, said before the seconds */
  constructor(title, state) {
    this.#timer = setInterval(
      () => {
        const line = `serin: ${title}: ${state()}${Math.round(this.#seconds())} s`;
        process.stderr.write(this.#isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
        this.#shown = true;
      },
      this.#isTerminal ? TERMINAL_MS : LOG_MS,
    );
  }

  /** Takes the line away. @returns the seconds that it took */
  end() {
    clearInterval(this.#timer);
    if (this.#isTerminal && this.#shown) process.stderr.write('\r\u001b[K');
    return this.#seconds();
  }

  #seconds() {
    return (performance.now() - this.#started) / 1000;
  }
}
