// Two shoppers with one cart, at the same moment: both writes are kept as siblings, the next reader
// merges them, and the context of its read replaces exactly what it saw.
//
//   npm run dev                                       in another shell
//   node examples/carts.mjs [HOST:PORT ...]           default 127.0.0.1:7400
import { connect } from 'coterie';

const nodes = process.argv.length > 2 ? process.argv.slice(2) : ['127.0.0.1:7400'];
const client = await connect({ nodes, bucket: 'carts' });

/** A cart is a count per article. Merging takes the larger count of each: nothing that was put in
 *  is lost. (What was taken out may come back; a count that only grows would need no such choice.) */
function merge(carts) {
  const merged = {};
  for (const cart of carts) {
    for (const [article, count] of Object.entries(cart)) {
      merged[article] = Math.max(merged[article] ?? 0, count);
    }
  }
  return merged;
}

/** What a shop does: read, merge what stands side by side, and keep the context for the write. */
async function readCart(key) {
  const { siblings, context } = await client.get(key);
  const decoder = new TextDecoder();
  const carts = siblings.map(({ value }) => JSON.parse(decoder.decode(value)));
  return { cart: merge(carts), context, siblings: siblings.length };
}

async function add(key, seen, article) {
  const cart = { ...seen.cart, [article]: (seen.cart[article] ?? 0) + 1 };
  // A key that nobody has written has the empty context, which is given like any other.
  return client.put(key, JSON.stringify(cart), { context: seen.context });
}

try {
  const key = `cart:${crypto.randomUUID()}`;
  await add(key, await readCart(key), 'apple');

  // Both read the same cart before either of them writes.
  const [alice, bob] = await Promise.all([readCart(key), readCart(key)]);
  await add(key, alice, 'book');
  const second = await add(key, bob, 'cable');
  console.log(`after two writes at the same time: ${second.siblings} siblings`);

  const both = await readCart(key);
  console.log(`a reader merges them: ${JSON.stringify(both.cart)}`);
  const merged = await client.put(key, JSON.stringify(both.cart), { context: both.context });
  console.log(`after its write: ${merged.siblings} sibling`);

  const { context } = await client.get(key);
  await client.delete(key, { context });
  console.log(`deleted: found is ${(await client.get(key)).found}`);
} finally {
  await client.close();
}
