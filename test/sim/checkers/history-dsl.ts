/** Histories in one line, for the tests of checkers. Statements are parted by `;` or line ends:
 *
 *    a put 1 [0,10] quorum ok; b get [12,20] sees 1; disks 1
 *
 *  Operations: CLIENT put WRITE | CLIENT delete WRITE | CLIENT get, then in any order
 *    [START,END]        virtual microseconds, `-` for an end that never came; elsewhere also `5s`
 *    quorum ... w=2     level, or raw numbers (the one not given is 1); default quorum
 *    ok|refused|unknown outcome, default ok
 *    given 1,2          of a write: what its context covers, default nothing; `overwrite` `blind`:
 *                       the server chose; `looking`: it read first; `once`: it was sent once
 *    sees 1 2@dot ?text of a read: writes, by another dot, bytes nobody wrote; `sees nothing`
 *    by n0,n2           who acknowledged, default as many as needed; of a read: who answered
 *    durable 1, required 2, received 2, dot D, told 3 (siblings of the reply), holds 4,5,
 *    code NO_REPLICA, kept n3 (who stood in), sloppy, key x (default k),
 *    step 7 (default the write's; else 1001 and on)
 *  The world: replicas 3; disk NODE ITEMS (`!4` a tombstone, `1@dot`, `?text`, then `key x`,
 *    `hex ab`); disks ITEMS (of all); state NODE RECOVERING (at 30); loss NODE KIND at 50
 *                       intact 10 (key x,y); rebuilt NODE at 60 (key x,y); damage NODE met at 5;
 *    mint NODE DOT hash 7 at 3 key x holds WRITE; bound NODE WHAT 3 of 10; forgetful; healed 100;
 *    view NODE NODE ALIVE of 7 (who, whom, its start); change NODE down NODE at 50; tailed;
 *    owed NODE NODE 3 (who, to whom); away NODE (serves, and owns no replica);
 *    fault AT KIND (ends) text by n0 (against n1); end 200; after 1001 1002 (steps asked for after
 *                       healing). */
import type {
  DamageEvent,
  DiskLoss,
  FaultEvent,
  History,
  MemberChange,
  MemberView,
  MintedDot,
  Operation,
  Outcome,
  OwedHints,
  Rebuilt,
  ReplicaContents,
  StateChange,
  StoredRecord,
  Watermark,
} from '../../../src/sim/history.ts';
import {
  firstNodes,
  hexOf,
  isLevel,
  levelOf,
  neededBy,
  numberIn,
  seenOf,
  spanOf,
  storedOf,
} from './dsl-values.ts';

const OUTCOMES: readonly string[] = ['ok', 'refused', 'unknown'];
const WORLD: readonly string[] = [
  'replicas',
  'disk',
  'disks',
  'state',
  'loss',
  'damage',
  'rebuilt',
  'mint',
  'bound',
  'fault',
  'healed',
  'end',
  'after',
  'forgetful',
  'view',
  'change',
  'tailed',
  'owed',
  'away',
];
/** Words that take what follows, up to the next of them. */
const NAMED: readonly string[] = [
  'given',
  'sees',
  'by',
  'durable',
  'required',
  'received',
  'dot',
  'told',
  'holds',
  'code',
  'key',
  'step',
  'hash',
  'at',
  'intact',
  'of',
  'against',
  'hex',
  'kept',
];
/** Words that take nothing. */
const FLAGS: readonly string[] = ['overwrite', 'blind', 'looking', 'once', 'tombstone', 'sloppy'];
const FIRST_STEP = 1_001;

/** What a statement says: words in order, and what the named ones took. */
interface Statement {
  readonly words: readonly string[];
  readonly named: ReadonlyMap<string, readonly string[]>;
}

/** The history that the text tells. Errors: Error naming the statement that it cannot read. */
export function history(text: string): History {
  const statements = text
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const replicas = Number(/(?:^|[;\n])\s*replicas (\d+)/.exec(text)?.[1] ?? 3);
  const builder = new HistoryBuilder(replicas);
  for (const line of statements) {
    try {
      builder.add(parse(line));
    } catch (error) {
      throw new Error(`history: cannot read '${line}'`, { cause: error });
    }
  }
  return builder.build();
}

function parse(line: string): Statement {
  const words: string[] = [];
  const named = new Map<string, string[]>();
  let taker: string[] | undefined;
  for (const word of line.replace(/,\s+/g, ',').split(/\s+/)) {
    if (NAMED.includes(word)) {
      taker = [];
      named.set(word, taker);
    } else if (FLAGS.includes(word)) {
      named.set(word, []);
      taker = undefined;
    } else if (taker !== undefined && !isPlain(word)) {
      taker.push(...word.split(',').filter((item) => item !== '' && item !== 'nothing'));
    } else {
      words.push(word);
      taker = undefined;
    }
  }
  return { words, named };
}

/** Words that mean the same wherever they stand in an operation. */
function isPlain(word: string): boolean {
  return word.startsWith('[') || isLevel(word) || OUTCOMES.includes(word);
}

class HistoryBuilder {
  readonly #replicas: number;
  readonly #operations: Operation[] = [];
  readonly #minted: MintedDot[] = [];
  readonly #records = new Map<string, Map<string, StoredRecord>>();
  readonly #states = new Map<string, string>();
  readonly #rebuilt: Rebuilt[] = [];
  readonly #faults: FaultEvent[] = [];
  readonly #losses: DiskLoss[] = [];
  readonly #damage: DamageEvent[] = [];
  readonly #watermarks: Watermark[] = [];
  readonly #changes: StateChange[] = [];
  readonly #memberChanges: MemberChange[] = [];
  readonly #views: MemberView[] = [];
  readonly #owed: OwedHints[] = [];
  /** Nodes without a replica. */
  readonly #away = new Set<string>();
  #isTailed = false;
  readonly #written = new Set<number>();
  #afterHealing: readonly number[] = [];
  #isForgetful = false;
  #healedUs = Number.POSITIVE_INFINITY;
  #endUs: number | undefined;
  #nextStep = FIRST_STEP;

  constructor(replicas: number) {
    this.#replicas = replicas;
  }

  add(statement: Statement): void {
    const [first = ''] = statement.words;
    if (WORLD.includes(first)) this.#addWorld(first, statement);
    else this.#operations.push(this.#operation(statement));
  }

  build(): History {
    const ends = this.#operations.map(({ endUs }) => endUs).filter(Number.isFinite);
    const lastUs = Math.max(0, ...ends);
    const nodes = [...new Set([...this.#records.keys(), ...this.#states.keys()])].sort();
    const contents = nodes.map(
      (node): ReplicaContents => ({
        node,
        state: this.#states.get(node) ?? 'SERVING',
        records: this.#records.get(node) ?? new Map(),
        owns: () => !this.#away.has(node),
      }),
    );
    return {
      replicas: this.#replicas,
      operations: [...this.#operations].sort((a, b) => a.startUs - b.startUs || a.id - b.id),
      minted: this.#minted,
      contents,
      faults: this.#faults,
      losses: this.#losses,
      ...(this.#damage.length > 0 && { damage: this.#damage }),
      ...(this.#changes.length > 0 && { states: this.#changes }),
      ...(this.#rebuilt.length > 0 && { rebuilt: this.#rebuilt }),
      ...(this.#memberChanges.length > 0 && { memberChanges: this.#memberChanges }),
      ...(this.#views.length > 0 && { memberViews: this.#views }),
      ...(this.#owed.length > 0 && { owed: this.#owed }),
      hasHeavyTail: this.#isTailed,
      watermarks: this.#watermarks,
      ...(this.#isForgetful && { remembersFewRequests: true }),
      healedUs: Number.isFinite(this.#healedUs) ? this.#healedUs : lastUs,
      afterHealing: this.#afterHealing,
      endUs: this.#endUs ?? lastUs,
    };
  }

  #operation(statement: Statement): Operation {
    const { words, named } = statement;
    const [client = '', kind = ''] = words;
    const span = words.find((word) => word.startsWith('['));
    const [startUs, endUs] = spanOf(span ?? '');
    const outcome = (words.find((word) => OUTCOMES.includes(word)) ?? 'ok') as Outcome;
    const level = levelOf(words.find(isLevel) ?? 'quorum');
    const code = named.get('code')?.[0];
    const key = named.get('key')?.[0] ?? 'k';
    const verb = kind === 'get' ? 'read' : 'write';
    const needed = neededBy(level, verb, this.#replicas);
    const required = numberOf(named, 'required') ?? needed;
    const base = { client, key, level, startUs, endUs, outcome, ...(code && { code }) };
    if (kind === 'get') {
      const received = numberOf(named, 'received') ?? required;
      const seen = outcome === 'ok' ? (named.get('sees') ?? []).map(seenOf) : [];
      const id = numberOf(named, 'step') ?? this.#nextStep++;
      const answeredBy = named.get('by');
      return { ...base, kind, id, seen, received, required, ...(answeredBy && { answeredBy }) };
    }
    if (kind !== 'put' && kind !== 'delete') throw new Error(`'${kind}' is no operation`);
    const write = Number(words[2]);
    if (!Number.isInteger(write)) throw new Error(`'${words[2]}' is no write`);
    const isRepeat = this.#written.has(write);
    this.#written.add(write);
    const id = numberOf(named, 'step') ?? (isRepeat ? this.#nextStep++ : write);
    const looksFirst = named.has('looking');
    const isFree = named.has('overwrite') || named.has('blind') || looksFirst;
    const given = isFree ? undefined : (named.get('given') ?? []).map(Number);
    const acknowledgedBy =
      outcome === 'ok' ? (named.get('by') ?? firstNodes(required)) : (named.get('by') ?? []);
    const durable = numberOf(named, 'durable') ?? acknowledgedBy.length;
    const elements = named.get('holds')?.map(Number);
    const siblings = numberOf(named, 'told');
    const isTold = outcome === 'ok' && kind === 'put';
    return {
      ...base,
      ...{ kind, id, write, given, acknowledgedBy, durable, required },
      ...(looksFirst && { looksFirst }),
      ...(named.has('once') && { isSentOnce: true }),
      ...(elements !== undefined && { elements }),
      ...(isTold && { dot: named.get('dot')?.[0] ?? `d${write}` }),
      ...(siblings !== undefined && { siblings }),
      ...(named.has('kept') && { standIns: named.get('kept') ?? [] }),
      ...(named.has('sloppy') && { isSloppy: true }),
    };
  }

  #addWorld(kind: string, { words, named }: Statement): void {
    const [, first = '', second = '', third = ''] = words;
    switch (kind) {
      case 'replicas':
        return;
      case 'disk':
        this.#addRecord(first, words.slice(2), named);
        return;
      case 'disks':
        for (const node of firstNodes(this.#replicas)) {
          this.#addRecord(node, words.slice(1), named);
        }
        return;
      case 'state':
        this.#states.set(first, second);
        if (named.has('at')) {
          const atUs = numberOf(named, 'at') ?? 0;
          this.#changes.push({ atUs, node: first, state: second, reason: '' });
        }
        return;
      case 'rebuilt': {
        const keys = named.get('key');
        const has = (key: string): boolean => keys === undefined || keys.includes(key);
        this.#rebuilt.push({ atUs: numberOf(named, 'at') ?? 0, node: first, has });
        return;
      }
      case 'damage': {
        const kind = second as DamageEvent['kind'];
        this.#damage.push({ atUs: numberOf(named, 'at') ?? 0, node: first, kind });
        return;
      }
      case 'loss': {
        const atUs = numberOf(named, 'at') ?? 0;
        const intactUntilUs = numberOf(named, 'intact') ?? 0;
        const keys = named.get('key');
        const kindOf = second as DiskLoss['kind'];
        this.#losses.push({
          node: first,
          kind: kindOf,
          atUs,
          intactUntilUs,
          ...(keys && { keys }),
        });
        return;
      }
      case 'mint':
        this.#minted.push({
          node: first,
          dot: second,
          key: named.get('key')?.[0] ?? 'k',
          contentHash: numberOf(named, 'hash') ?? 0,
          isTombstone: named.has('tombstone'),
          atUs: numberOf(named, 'at') ?? 0,
          ...(named.has('holds') && { write: numberOf(named, 'holds') ?? 0 }),
        });
        return;
      case 'bound': {
        const bound = numberOf(named, 'of') ?? 0;
        this.#watermarks.push({ node: first, what: second, largest: Number(third), bound });
        return;
      }
      case 'fault':
        this.#faults.push({
          ...{ atUs: numberIn(first), text: words.slice(3).join(' ') },
          kind: third === 'ends' ? `${second} ends` : second,
          ...sidesOf(named.get('by'), named.get('against')),
        });
        return;
      case 'view': {
        const generation = numberOf(named, 'of') ?? 0;
        this.#views.push({ node: first, about: second, state: third, generation });
        return;
      }
      case 'change': {
        const kindOf = second as MemberChange['kind'];
        const atUs = numberOf(named, 'at') ?? 0;
        this.#memberChanges.push({ atUs, node: first, about: third, kind: kindOf });
        return;
      }
      case 'owed':
        this.#owed.push({ node: first, target: second, count: Number(third) });
        return;
      case 'away':
        this.#states.set(first, 'SERVING');
        this.#away.add(first);
        return;
      case 'tailed':
        this.#isTailed = true;
        return;
      case 'healed':
        this.#healedUs = numberIn(first);
        return;
      case 'end':
        this.#endUs = numberIn(first);
        return;
      case 'forgetful':
        this.#isForgetful = true;
        return;
      case 'after':
        this.#afterHealing = words.slice(1).map(Number);
        return;
    }
  }

  #addRecord(node: string, items: readonly string[], named: Statement['named']): void {
    const key = named.get('key')?.[0] ?? 'k';
    const siblings = items
      .flatMap((word) => word.split(','))
      .filter((item) => item !== 'nothing')
      .map(storedOf);
    const hex = named.get('hex')?.[0] ?? hexOf(siblings);
    const records = this.#records.get(node) ?? new Map<string, StoredRecord>();
    this.#records.set(node, records);
    records.set(key, { key, hex, siblings });
  }
}

function numberOf(named: Statement['named'], name: string): number | undefined {
  const [word] = named.get(name) ?? [];
  return word === undefined ? undefined : numberIn(word);
}

function sidesOf(
  by: readonly string[] | undefined,
  against: readonly string[] | undefined,
): Pick<FaultEvent, 'nodes' | 'sides'> {
  if (by === undefined || against === undefined) return by === undefined ? {} : { nodes: by };
  return { nodes: [...by, ...against], sides: [by, against] };
}
