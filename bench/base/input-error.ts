/** Something that the bench cannot work with: exit code 2. */
export class InputError extends Error {}

/** A wrong option: the usage is shown with it. */
export class UsageError extends InputError {}
