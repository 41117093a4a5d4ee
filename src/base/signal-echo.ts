/**
 * Milliseconds. One stop may arrive as two signals: Ctrl-C in a terminal, or a supervisor that signals the whole group,
 * reaches this process and also npm, which forwards it. A signal this soon after the first is its repetition.
 */
export const SIGNAL_ECHO_MS = 300;
