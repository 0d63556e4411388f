/** Every object begins among the young ones. Where V8 has found that what one place in the code
 *  makes lives long, it makes such objects old at once, and does not take that back: after a short
 *  time of load the objects of requests are old when they are over, keep the young ones alive that
 *  they refer to, and so confirm the finding (docs/decisions/015).
 *  To be imported before anything else, by the main modules of our own processes alone: the flags
 *  of a program that embeds a node are its own.
 *  Not here: tables that keep nothing behind (core/number-table.ts), which help without it. */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-allocation-site-pretenuring');
