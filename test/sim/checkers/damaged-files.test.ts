import { damagedFiles } from '../../../src/sim/checkers/damaged-files.ts';
import { accepts, type Judged, rejects } from './judged.ts';

/** It finds out at 100 s, ends itself at 101 s, and is there again at 102 s. */
const FOUND =
  'loss n1 bad-block at 50s key k; damage n1 found at 100s; state n1 RECOVERING at 100s';
const ENDED = `${FOUND}; damage n1 ended at 101s; state n1 FAILED at 101s; state n1 DOWN at 101s`;
const AGAIN = 'state n1 UNVERIFIED at 102s';
const ASIDE = 'damage n1 set-aside at 102s; loss n1 set-aside at 102s';

/** Spans of operations are written in seconds here. */
function inSeconds(table: Judged): Judged {
  return table.map(([title, text]) => [
    title,
    text.replace(/\[(\d+)s,(\d+)s\]/g, '[$1000000,$2000000]'),
  ]);
}

accepts(
  damagedFiles,
  inSeconds([
    ['nothing at all', ''],
    [
      'a bad block that nobody has met',
      'loss n1 bad-block at 50s; a get [60s,61s] by n1 sees nothing',
    ],
    ['a node that begins with nothing', `${ENDED}; ${ASIDE}; ${AGAIN}; healed 200s`],
    ['one that is not started again', `${ENDED}; healed 200s`],
    [
      'one that was ended before it could',
      `${FOUND}; state n1 DOWN at 101s; ${AGAIN}; healed 200s`,
    ],
    ['one that died of the block', `damage n1 met at 90s; ${AGAIN}; healed 200s`],
    [
      'one whose disk was emptied meanwhile',
      `${ENDED}; loss n1 wipe at 101s; ${AGAIN}; healed 200s`,
    ],
    [
      'one that may have lost its note',
      `${ENDED}; fault 101s crash x by n1; ${AGAIN}; healed 200s`,
    ],
    ['what it answered before', `a get [90s,91s] by n1 sees nothing; ${ENDED}; healed 200s`],
    ['what was under way', `a get [99s,101s] by n1 sees nothing; ${ENDED}; healed 200s`],
    ['what others answer', `${ENDED}; a get [101s,102s] by n0,n2 sees nothing; healed 200s`],
    ['a write that others minted', `${ENDED}; a put 1 [101s,102s] by n0,n1; healed 200s`],
    [
      'a mint that was decided on before',
      `a put 1 [99s,103s]; mint n1 d at 100500000 holds 1; ${ENDED}`,
    ],
    [
      'what it answers when it has begun anew',
      `${ENDED}; ${ASIDE}; a get [300s,301s] by n1 sees nothing`,
    ],
    [
      'damage that comes to light near the end',
      'damage n1 found at 100s; healed 99s; state n1 DOWN at 101s',
    ],
  ]),
);

rejects(
  damagedFiles,
  inSeconds([
    ['a node that opens the same files again', `${ENDED}; ${AGAIN}; healed 200s`],
    [
      'one that set its files aside at another time',
      `damage n1 set-aside at 9s; ${ENDED}; ${AGAIN}`,
    ],
    ['one while another sets its files aside', `${ENDED}; damage n2 set-aside at 102s; ${AGAIN}`],
    ['one that a fault struck long before', `fault 9s crash x by n1; ${ENDED}; ${AGAIN}`],
    ['one while a fault strikes another', `fault 101s crash x by n2; ${ENDED}; ${AGAIN}`],
    ['a node that goes on', `${FOUND}; healed 200s; end 300s`],
    ['a node that goes on for long', `${FOUND}; healed 20s; state n1 FAILED at 150s`],
    [
      'a read that counts it',
      `${FOUND}; a get [101s,102s] by n0,n1 sees nothing; state n1 DOWN at 103s`,
    ],
    [
      'a write that it alone took',
      `${FOUND}; a put 1 [101s,102s] one by n1; state n1 DOWN at 103s`,
    ],
    [
      'a mint of its',
      `${FOUND}; a put 1 [101s,102s]; mint n1 d at 101500000 holds 1; state n1 DOWN at 103s`,
    ],
  ]),
);
