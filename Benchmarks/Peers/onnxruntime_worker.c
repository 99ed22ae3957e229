// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// ONNX Runtime through its C API, under the worker protocol of StepHarness.h: one thread, and every tensor made
// once over memory of ours, so that a step is a single call.
//
// Usage: onnxruntime-worker LIBRARY MODELS     (libonnxruntime.so; the folder that make_models.py wrote)

#include "StepHarness.h"
#include "onnxruntime_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSOR_LIMIT = 1 + 2 * MAXIMUM_LAYERS };

static const char *models;
static const OrtApi *api;
static OrtEnv *environment;

/// The states are kept twice: a step reads one of them and writes the other, which the next step reads.
struct stepper {
    OrtSession *session;
    float *input, *output, *states[2];
    size_t input_size, output_size, state_size; ///< in bytes
    size_t tensor_count;                        ///< of inputs, and of outputs: one, and two per layer
    char input_names[TENSOR_LIMIT][16], output_names[TENSOR_LIMIT][16];
    const char *input_list[TENSOR_LIMIT], *output_list[TENSOR_LIMIT];
    OrtValue *inputs[2][TENSOR_LIMIT], *outputs[2][TENSOR_LIMIT]; ///< by which of the states is read
    int current;
};

static void expect_success(OrtStatus *status) {
    if (!status) return;
    fprintf(stderr, "onnxruntime-worker: %s\n", api->GetErrorMessage(status));
    exit(EXIT_FAILURE);
}

static OrtSession *open_session(const struct lstm_model *model) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%u-%u-%u-%u.onnx", models, model->input_size, model->hidden_size,
             model->layer_count, model->output_size);
    OrtSessionOptions *options;
    OrtSession *session;
    expect_success(api->CreateSessionOptions(&options)); // sequential, with all optimizations
    expect_success(api->SetIntraOpNumThreads(options, 1));
    expect_success(api->SetInterOpNumThreads(options, 1));
    expect_success(api->CreateSession(environment, path, options, &session));
    api->ReleaseSessionOptions(options);
    return session;
}

static OrtValue *make_tensor(const OrtMemoryInfo *info, float *data, const int64_t *shape, size_t dimensions) {
    size_t size = sizeof *data;
    for (size_t dimension = 0; dimension < dimensions; dimension++) size *= (size_t)shape[dimension];
    OrtValue *tensor;
    expect_success(api->CreateTensorWithDataAsOrtValue(info, data, size, shape, dimensions,
                                                       ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &tensor));
    return tensor;
}

/// Makes the tensors of the hidden (`part` 0) or cell (1) state of one layer, under the names of make_models.py.
static void make_state_tensors(struct stepper *stepper, const OrtMemoryInfo *info, const int64_t shape[3],
                               uint32_t layer, uint32_t part) {
    static const char *const part_names[] = {"hidden", "cell"};
    size_t index = 2 * (size_t)layer + part;
    float *data[2];
    for (int set = 0; set < 2; set++) data[set] = stepper->states[set] + index * (size_t)(shape[1] * shape[2]);
    snprintf(stepper->input_names[1 + index], sizeof *stepper->input_names, "%s%u", part_names[part], layer);
    snprintf(stepper->output_names[1 + index], sizeof *stepper->output_names, "next_%s%u", part_names[part], layer);
    for (int set = 0; set < 2; set++) {
        stepper->inputs[set][1 + index] = make_tensor(info, data[set], shape, 3);
        stepper->outputs[set][1 + index] = make_tensor(info, data[1 - set], shape, 3);
    }
}

static void make_tensors(struct stepper *stepper, const struct lstm_model *model, uint32_t batch) {
    OrtMemoryInfo *info;
    expect_success(api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &info));
    strcpy(stepper->input_names[0], "input");
    strcpy(stepper->output_names[0], "output");
    for (int set = 0; set < 2; set++) {
        stepper->inputs[set][0] = make_tensor(info, stepper->input, (int64_t[]){batch, model->input_size}, 2);
        stepper->outputs[set][0] = make_tensor(info, stepper->output, (int64_t[]){batch, model->output_size}, 2);
    }
    int64_t state_shape[] = {1, batch, model->hidden_size};
    for (uint32_t layer = 0; layer < model->layer_count; layer++)
        for (uint32_t part = 0; part < 2; part++) make_state_tensors(stepper, info, state_shape, layer, part);
    for (size_t tensor = 0; tensor < stepper->tensor_count; tensor++) {
        stepper->input_list[tensor] = stepper->input_names[tensor];
        stepper->output_list[tensor] = stepper->output_names[tensor];
    }
    api->ReleaseMemoryInfo(info);
}

static void *open_stepper(const struct lstm_model *model, uint32_t batch) {
    struct stepper *stepper = calloc(1, sizeof *stepper);
    stepper->session = open_session(model);
    stepper->input_size = sizeof(float) * batch * model->input_size;
    stepper->output_size = sizeof(float) * batch * model->output_size;
    stepper->state_size = sizeof(float) * batch * model->hidden_size * 2 * model->layer_count;
    stepper->tensor_count = 1 + 2 * (size_t)model->layer_count;
    stepper->input = calloc(1, stepper->input_size);
    stepper->output = calloc(1, stepper->output_size);
    for (int set = 0; set < 2; set++) stepper->states[set] = calloc(1, stepper->state_size);
    make_tensors(stepper, model, batch);
    return stepper;
}

static void reset(void *opaque) {
    struct stepper *stepper = opaque;
    for (int set = 0; set < 2; set++) memset(stepper->states[set], 0, stepper->state_size);
}

static void step(void *opaque, const float *inputs, float *outputs) {
    struct stepper *stepper = opaque;
    memcpy(stepper->input, inputs, stepper->input_size);
    expect_success(api->Run(stepper->session, NULL, stepper->input_list,
                            (const OrtValue *const *)stepper->inputs[stepper->current], stepper->tensor_count,
                            stepper->output_list, stepper->tensor_count, stepper->outputs[stepper->current]));
    memcpy(outputs, stepper->output, stepper->output_size);
    stepper->current = 1 - stepper->current;
}

static void close_stepper(void *opaque) {
    struct stepper *stepper = opaque;
    for (int set = 0; set < 2; set++) {
        for (size_t tensor = 0; tensor < stepper->tensor_count; tensor++) {
            api->ReleaseValue(stepper->inputs[set][tensor]);
            api->ReleaseValue(stepper->outputs[set][tensor]);
        }
        free(stepper->states[set]);
    }
    api->ReleaseSession(stepper->session);
    free(stepper->input);
    free(stepper->output);
    free(stepper);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: onnxruntime-worker LIBRARY MODELS\n");
        return EXIT_FAILURE;
    }
    models = arguments[2];
    void *library = dlopen(arguments[1], RTLD_NOW);
    const OrtApiBase *(*get_base)(void) = library ? dlsym(library, "OrtGetApiBase") : NULL;
    api = get_base ? get_base()->GetApi(ORT_API_VERSION) : NULL;
    if (!api) {
        fprintf(stderr, "onnxruntime-worker: cannot use %s: %s\n", arguments[1], dlerror());
        return EXIT_FAILURE;
    }
    expect_success(api->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "worker", &environment));
    const struct step_implementation implementation = {open_stepper, reset, step, close_stepper};
    return run_step_worker(&implementation);
}
