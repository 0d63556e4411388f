/** A set in one value, changed by reading it, merging all siblings, and writing it back with the
 *  context of the read: an element added under an acknowledged write must never be lost.
 *  Source: the cart of DeCandia et al. 2007, section 4.4, without deletes. */

import { compose } from './compose.ts';
import { ElementDrawer } from './elements.ts';
import { changeSetStep, getStep } from './steps.ts';
import type { Workload } from './workload.ts';

export const SET: Workload = {
  name: 'set',
  summary: 'Sets changed by read, merge and write: no element is lost, none comes back',
  script: (stream, facts) => {
    const elements = new ElementDrawer(stream);
    return compose(stream, facts, (place) => {
      if (stream.chance(0.3)) return getStep(place);
      return changeSetStep(place, elements.change(place.key, place.id));
    });
  },
};
