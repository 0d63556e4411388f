import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { boundsOf, nodeOptions, withoutHedges } from '../../../src/sim/cluster/node-settings.ts';

describe('the settings of a simulated node', () => {
  it('are the defaults of the configuration', () => {
    const { node, quorum, limits, storage, membership } = resolveConfig({});
    expect(nodeOptions('n0', {})).toMatchObject({
      name: 'n0',
      zone: node.zone,
      datacentre: node.datacentre,
      weight: node.weight,
      detector: {
        phiAvoid: membership.phiAvoid,
        phi: { acceptablePauseMs: membership.acceptablePauseMs },
        suspicion: { floorMs: membership.suspicionMs },
      },
      timeoutMs: quorum.timeoutMs,
      timeoutMaxMs: quorum.timeoutMaxMs,
      replicaWriteTimeoutMs: quorum.replicaWriteTimeoutMs,
      replicaReadTimeoutMs: quorum.replicaReadTimeoutMs,
      requestsMax: limits.inFlightRequests,
      requestBytesMax: limits.inFlightBytes,
      peerRequestsMax: limits.peerInFlightRequests,
      peerBytesMax: limits.peerInFlightBytes,
      sessionRequestsMax: limits.sessionInFlightRequests,
      requestTableEntriesMax: limits.requestTableEntries,
      storage: {
        openBatchBytesMax: limits.storageQueueBytes,
        recordCacheBytesMax: storage.recordCacheBytes,
        clientFreeFraction: storage.diskReserveRatio,
        clientFreeBytesMin: storage.diskReserveBytesMin,
        repairFreeFraction: storage.diskStopRatio,
      },
    });
  });

  it('can be without hedges and repairs, which predictions do not know', () => {
    const { replicaReadTimeoutMs, timeoutMaxMs, reads } = withoutHedges(nodeOptions('n0', {}));
    expect(replicaReadTimeoutMs).toBe(timeoutMaxMs);
    expect(reads).toMatchObject({
      hedgeAfterMsMin: timeoutMaxMs,
      lookShare: 0,
      repairsWaitingMax: 0,
      digestAboveBytes: nodeOptions('n0', {}).reads.digestAboveBytes,
    });
  });

  it('name the first node as a seed, and to that one the second', () => {
    const seedsOf = (name: string) => nodeOptions(name, {}).seeds;
    expect(['n0', 'n1', 'n4'].map(seedsOf)).toEqual([['n1:7400'], ['n0:7400'], ['n0:7400']]);
  });

  it('take the bounds that a run draws, and judge by them', () => {
    const options = nodeOptions('n0', { requestsMax: 4, peerRequestsMax: 5, batchBytesMax: 1_024 });
    expect(options.sessionRequestsMax).toBe(4);
    expect(boundsOf(options)).toMatchObject({
      coterie_requests_in_flight: 4,
      coterie_link_in_flight: 5,
    });
  });
});
