#pragma once

#include <recur/distributed/link_world.h>
#include <recur/distributed/thread_links.h>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

// Calls body(world) on `count` threads, each a rank of one world. Returns what each has thrown; empty: nothing.
inline std::vector<std::string> on_ranks(int count, const std::function<void(recur::World& world)>& body,
                                         const recur::distributed::WorldOptions& options = {},
                                         const recur::distributed::NetworkModel& network = {}) {
  auto links = recur::distributed::thread_links(count, network);
  std::vector<std::string> thrown(links.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < links.size(); ++i)
    threads.emplace_back([&, i] {
      recur::distributed::LinkWorld world([&, i] { return std::move(links[i]); }, options, true);
      try {
        world.together([&] { body(world); });
      } catch (const std::exception& error) {
        thrown[i] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  return thrown;
}
