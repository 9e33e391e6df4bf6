# make demo   train, measure and compare two detectors on synthetic data; needs nothing installed
# make test   the whole fast test suite
# make floors the same with the lowest versions that pyproject.toml admits
# make faults training and every command injured in every known way, and broken files: a table
# make bench  every benchmark and the goals it is held to: twenty minutes, and output/bench.json
# make round-trip  every annotation tool installed, and all that it writes and reads against ours
# make evaluators  every evaluator that installs, on random cases, against --as with its name: a quarter of an hour
# make runtimes  every runtime that installs, and an exported detector in each against torch: half an hour
# make docs   the tables of the README and of docs/, docs/config.md, docs/reproduce.md and the picture of the architecture, made anew
PYTHON ?= python3
VENV ?= .venv
FLOORS ?= .floors
BIN := $(VENV)/bin
RUN := $(BIN)/python

.PHONY: demo test how-long-demo how-long-test slow floors faults bench round-trip evaluators runtimes docs lint types clean
.DELETE_ON_ERROR:
.SECONDARY:

how-long-demo: MINUTES := 4
how-long-test: MINUTES := 6
how-long-demo how-long-test: how-long-%:
	@echo "make $*: about $(MINUTES) minutes on two cores, and once 3 or more to download and install torch (5 GB)"

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "error: Python 3.10 or newer is needed; name one with make PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "error: $(PYTHON) cannot make environments; install python3-venv"; exit 1; }
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

test: how-long-test $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m 'not slow'

slow: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow

$(FLOORS)/lowest: pyproject.toml
	$(PYTHON) -m venv --clear $(FLOORS)
	$(FLOORS)/bin/pip install --quiet --disable-pip-version-check uv
	$(FLOORS)/bin/uv pip install --quiet --python $(FLOORS)/bin/python \
		--resolution lowest-direct --editable '.[test,bench,wandb]'
	@touch $@

floors: $(FLOORS)/lowest
	OMP_NUM_THREADS=1 $(FLOORS)/bin/pytest -n 2 -m 'not slow'

faults: $(VENV)/installed-dev
	$(BIN)/pytest -n 2 -m slow tests/fuzz
	$(RUN) tests/faults/run.py

bench: $(VENV)/installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	mkdir -p output
	$(BIN)/resdet benchmark all --json output/bench.json

round-trip: $(VENV)/installed-dev
	$(RUN) -m tools.round_trip --check

evaluators: $(VENV)/installed-dev
	$(RUN) -m tools.evaluators

runtimes: $(VENV)/installed-dev
	$(RUN) -m tools.runtimes

docs: $(VENV)/installed-dev
	$(RUN) -m tools.docs.readme_tables
	$(RUN) -m tools.docs.config_page
	$(RUN) -m tools.docs.reproduce_page
	$(RUN) -m tools.docs.annotation_tools
	$(RUN) -m tools.docs.draw_architecture

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

clean:
	rm -rf demo output

# The demo: each stage is one of the tools, and a file that is there is not made again.
DEMO := demo
PICTURES := 24

$(DEMO)/shapes $(DEMO)/crops &: | $(VENV)/installed
	$(BIN)/resdet make-shapes --output $(DEMO)/shapes --train 800 --val 100 --test 200 \
		--crops $(DEMO)/crops

$(DEMO)/%/model_final.pth: | $(DEMO)/crops
	$(BIN)/resdet train-backbone --config shapes_$* --output $(DEMO)/$* --resume

$(DEMO)/detect_resnet18/results.json: $(DEMO)/resnet18/model_final.pth
	$(BIN)/resdet train-det --config shapes_r18 --output $(@D) --resume

$(DEMO)/detect_vgg16/results.json: $(DEMO)/vgg16/model_final.pth
	$(BIN)/resdet train-det --config shapes_vgg16 --output $(@D) --resume

$(DEMO)/%.json: $(DEMO)/detect_%/results.json
	$(BIN)/resdet eval-voc --checkpoint $(DEMO)/detect_$*/model_final.pth \
		--data $(DEMO)/shapes --split test --metric 11point --json $@

$(DEMO)/images: | $(DEMO)/shapes
	@rm -rf $@ $@.part && mkdir -p $@.part
	@head -$(PICTURES) $(DEMO)/shapes/ImageSets/Main/test.txt | \
		while read name; do cp $(DEMO)/shapes/JPEGImages/$$name.jpg $@.part; done
	@mv $@.part $@

$(DEMO)/pictures/%: $(DEMO)/detect_%/results.json | $(DEMO)/images
	@rm -rf $@ $@.part
	$(BIN)/resdet visualize --checkpoint $(DEMO)/detect_$*/model_final.pth \
		--input $(DEMO)/images --output $@.part
	@mv $@.part $@

demo: how-long-demo $(DEMO)/vgg16.json $(DEMO)/resnet18.json $(DEMO)/pictures/vgg16 $(DEMO)/pictures/resnet18
	$(BIN)/resdet compare "VGG-16 baseline=$(DEMO)/vgg16.json" ResNet-18=$(DEMO)/resnet18.json \
		--markdown $(DEMO)/comparison.md --gallery $(DEMO)/gallery
	@echo "written:"
	@echo "  $(DEMO)/shapes/               the data, in VOC and COCO form"
	@echo "  $(DEMO)/{vgg16,resnet18}/     the classifiers the detectors start from"
	@echo "  $(DEMO)/detect_{vgg16,resnet18}/model_final.pth, results.json, log.txt, metrics.json"
	@echo "  $(DEMO)/{vgg16,resnet18}.json the evaluations; $(DEMO)/comparison.md the table"
	@echo "  $(DEMO)/gallery/index.html    every test image beside its detections; open it"
	@echo "  $(DEMO)/pictures/             detections drawn on $(PICTURES) test images"
