/** A shopping cart: things are put in and taken out, and at the checkout the cart is deleted with
 *  the context of what was shown. What was added beside that stays, what was deleted never returns.
 *  Source: DeCandia et al. 2007, section 4.4. */

import { compose } from './compose.ts';
import { ElementDrawer } from './elements.ts';
import { changeSetStep, getStep, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

export const CART: Workload = {
  name: 'cart',
  summary: 'Shopping carts with checkouts: what a delete had seen never comes back',
  script: (stream, facts) => {
    const elements = new ElementDrawer(stream);
    return compose(stream, facts, (place) => {
      const draw = stream.float();
      if (draw < 0.35) return getStep(place);
      if (draw < 0.8) return changeSetStep(place, elements.change(place.key, place.id));
      elements.clear(place.key);
      return writeStep('delete', place, draw < 0.95 ? 'last' : 'none');
    });
  },
};
