/** What the page says when a file cannot be opened: one line that a person can act on. */
export class LpxError extends Error {}

/** A file whose bytes contradict each other. */
export const damaged = (what) => new LpxError(`the file is damaged: ${what}`);
