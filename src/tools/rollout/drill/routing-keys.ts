/** So many users are about at the same time, */
const BLOCK = 50;
/** and each sends so many requests before the next ones come. */
const VISITS = 3;

/**
 * Who the request at this place of a drill is for. Users come again while others are served in between, which is what
 * a sticky canary is about; with one new user per three requests there are enough of them to check its share by.
 * @param run names the drill: other users each time
 */
export function routingKey(run: string, index: number): string {
  const block = Math.floor(index / (BLOCK * VISITS));
  return `${run}-${block * BLOCK + (index % BLOCK)}`;
}
