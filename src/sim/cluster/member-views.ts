/** What does one node of a run say of the members, asked as `coterie status` asks?
 *  Invariant: a node that cannot answer says nothing, and does not end the run.
 *  Not here: whether they agree (checkers/members-agree.ts), who is asked (sim-cluster.ts). */
import type { MemberView } from '../history.ts';
import type { SimNode } from './sim-node.ts';

export async function viewOf({ name, node }: SimNode): Promise<readonly MemberView[]> {
  if (node === undefined) return [];
  const { members } = await node.admin.status({});
  return members.map(({ name: about, state, generation }) => {
    return { node: name, about, state, generation };
  });
}
