// SPDX-License-Identifier: LGPL-2.1-or-later
// The buffer pool of an ALLOCATION query: read what downstream offers, write what was chosen.
#pragma once

#include <gst/gst.h>

#include "gst/common/pointers.h"

namespace npumel {

struct PoolOffer {
  PoolPtr pool;  ///< null: downstream has none
  guint size = 0;
  guint least = 0;
  guint most = 0;  ///< 0: any number of buffers

  static PoolOffer read(GstQuery* query) {
    PoolOffer offer;
    if (gst_query_get_n_allocation_pools(query) == 0) return offer;
    GstBufferPool* pool = nullptr;
    gst_query_parse_nth_allocation_pool(query, 0, &pool, &offer.size, &offer.least, &offer.most);
    offer.pool.reset(pool);
    return offer;
  }

  void write(GstQuery* query) const {
    if (gst_query_get_n_allocation_pools(query) > 0)
      gst_query_set_nth_allocation_pool(query, 0, pool.get(), size, least, most);
    else
      gst_query_add_allocation_pool(query, pool.get(), size, least, most);
  }
};

}  // namespace npumel
