/** Every object begins among the young ones. Where V8 has found that what one place in the code
 *  makes lives long, it makes such objects old at once, and does not take that back: after a short
 *  time of load the objects of requests are old when they are over, keep the young ones alive that
 *  they refer to, and so confirm the finding (docs/decisions/015).
 *  For processes of our own that do many requests: the flags of a program that embeds a node are
 *  its own. To be called when the code is loaded, for V8's cache of Node's own modules is of no use
 *  under other flags than it was made with, and before it is at work.
 *  Not here: tables that keep nothing behind (core/number-table.ts), which help without it. */
import { setFlagsFromString } from 'node:v8';

export function keepNewObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
