// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// OpenVINO through its C++ API, under the worker protocol of StepHarness.h: one thread, the latency hint, the model
// compiled for the batch, and every tensor set once over memory of ours, so that a step is a single call.
//
// Usage: openvino-worker MODELS (f32 | bf16)     (the folder that make_models.py wrote; how to compute)

extern "C" {
#include "StepHarness.h"
}

#include <openvino/openvino.hpp>

#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <string>
#include <vector>

static std::string models;
static ov::element::Type precision;

static ov::Core &core() {
    static ov::Core core;
    return core;
}

/// The states are kept twice: a step reads one of them and writes the other, which the next step reads. A request
/// keeps its tensors, so there are two of these as well.
class Stepper {
public:
    Stepper(const lstm_model &model, size_t batch)
        : input(batch * model.input_size), output(batch * model.output_size) {
        ov::Shape state_shape{1, batch, model.hidden_size};
        size_t state_size = batch * model.hidden_size;
        for (auto &state : states) state.resize(2 * model.layer_count * state_size);
        ov::CompiledModel compiled = compile(model, batch);
        for (size_t set = 0; set < 2; set++) {
            ov::InferRequest &request = requests[set] = compiled.create_infer_request();
            request.set_tensor("input", tensor({batch, model.input_size}, input.data()));
            request.set_tensor("output", tensor({batch, model.output_size}, output.data()));
            size_t position = 0;
            for (const std::string &name : state_names(model)) {
                request.set_tensor(name, tensor(state_shape, states[set].data() + position));
                request.set_tensor("next_" + name, tensor(state_shape, states[1 - set].data() + position));
                position += state_size;
            }
        }
    }

    void reset() {
        for (auto &state : states) std::fill(state.begin(), state.end(), 0.0f);
    }

    void step(const float *inputs, float *outputs) {
        std::memcpy(input.data(), inputs, input.size() * sizeof(float));
        requests[current].infer();
        std::memcpy(outputs, output.data(), output.size() * sizeof(float));
        current = 1 - current;
    }

private:
    std::vector<float> input, output, states[2];
    ov::InferRequest requests[2]; ///< by which of the states is read
    size_t current = 0;

    static ov::Tensor tensor(const ov::Shape &shape, float *data) { return {ov::element::f32, shape, data}; }

    static std::vector<std::string> state_names(const lstm_model &model) {
        std::vector<std::string> names;
        for (uint32_t layer = 0; layer < model.layer_count; layer++)
            for (const char *part : {"hidden", "cell"}) names.push_back(part + std::to_string(layer));
        return names;
    }

    static ov::CompiledModel compile(const lstm_model &model, size_t batch) {
        char name[64];
        std::snprintf(name, sizeof name, "/%u-%u-%u-%u.onnx", model.input_size, model.hidden_size,
                      model.layer_count, model.output_size);
        auto graph = core().read_model(models + name);
        std::map<std::string, ov::PartialShape> shapes{{"input", ov::Shape{batch, model.input_size}}};
        for (const std::string &state : state_names(model)) shapes[state] = ov::Shape{1, batch, model.hidden_size};
        graph->reshape(shapes);
        return core().compile_model(graph, "CPU", ov::inference_num_threads(1),
                                    ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                                    ov::hint::enable_cpu_pinning(false), ov::hint::inference_precision(precision));
    }
};

static Stepper *stepper(void *opaque) { return static_cast<Stepper *>(opaque); }

static void *open_stepper(const lstm_model *model, uint32_t batch) {
    try {
        return new Stepper(*model, batch);
    } catch (const std::exception &problem) {
        std::fprintf(stderr, "openvino-worker: %s\n", problem.what());
        return nullptr;
    }
}

int main(int count, char **arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: openvino-worker MODELS (f32 | bf16)\n");
        return EXIT_FAILURE;
    }
    models = arguments[1];
    precision = ov::element::Type(std::string(arguments[2]));
    const step_implementation implementation{
        open_stepper,
        [](void *opaque) { stepper(opaque)->reset(); },
        [](void *opaque, const float *inputs, float *outputs) { stepper(opaque)->step(inputs, outputs); },
        [](void *opaque) { delete stepper(opaque); },
    };
    return run_step_worker(&implementation);
}
