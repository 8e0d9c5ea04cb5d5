# Cold sources run once in a program or once in an epoch: configuration, reports, files, logs, texts, samples, checks. Code generation at
# -O3 is most of their compile time and buys nothing, so optimized builds compile them with -O1. Tests, tools and examples are cold as well.
# What runs in every training step (operations,
# cells, layers, optimizers' updates, batches) stays at the level of the build.
set(recur_cold_patterns
    distributed/connect.cpp
    distributed/launcher.cpp
    distributed/module_path.cpp
    distributed/process_watch.cpp
    framework/check/*.cpp
    interop/*.cpp
    interop/*/*.cpp
    io/*.cpp
    layers/config/*.cpp
    layers/torch/*.cpp
    layers/summary.cpp
    optim/config.cpp
    optim/line_search.cpp
    optim/optimizers.cpp
    optim/schedule_config.cpp
    optim/schedules.cpp
    train/audio/*.cpp
    train/callbacks/*.cpp
    train/data/characters.cpp
    train/data/growth_series.cpp
    train/data/text.cpp
    train/data/text_file.cpp
    train/data/text_pairs.cpp
    train/data/vocabulary.cpp
    train/data/word_vocabulary.cpp
    train/loop/batch_scores.cpp
    train/labels/*.cpp
    train/loop/checkpoint.cpp
    train/loop/interrupt.cpp
    train/loop/run_identity.cpp
    train/loop/state_bytes.cpp
    train/loop/trainer_ranks.cpp
    train/loop/trainer_state.cpp
    train/loop/world.cpp
    train/model/saved_model.cpp
    train/program/*.cpp
    train/samples/*.cpp)
set(recur_cold_flags $<$<CONFIG:Release,RelWithDebInfo>:-O1>)

# Compiles all sources of a target as cold ones.
function(recur_compile_cold target)
  target_compile_options(${target} PRIVATE ${recur_cold_flags})
endfunction()
