# All processes of one training, in the folder that go.sh made
export PYTHONPATH=$PWD:$PWD/src:$SITE PYTHONUNBUFFERED=1 OZORA_TROUPE=$PWD/troupe.pack OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
export T0=$(cat started) WEIGHTS_FILE=$PWD/src/ozora/weights/maquette.safetensors
ROOT=${ROOT:-/dev/shm/mq}; mkdir -p $ROOT $MQOUT
W=${WORKERS:-14}
for i in $(seq 0 $((W-1))); do python3 worker.py $i $W $ROOT ${AE_N:-3600} ${NUM_FULL:-60000} & done
python3 encode.py $ROOT 0 2 &
python3 encode.py $ROOT 1 2 &
(
  while [ ! -e $ROOT/filled ]; do [ -e $ROOT/end ] && exit; sleep 0.5; done
  OMP_NUM_THREADS=4 TORCHINDUCTOR_COMPILE_THREADS=8 python3 warm.py & WARM=$!
  OMP_NUM_THREADS=2 python3 sharpen.py $ROOT $MQOUT
  wait $WARM
  touch $ROOT/sharpened
) &
OMP_NUM_THREADS=2 python3 train.py $ROOT $MQOUT
echo "trainer ended with $?"
if [ ! -e $MQOUT/done ]; then COMPILE=0 OMP_NUM_THREADS=2 START_CLIPS=1 python3 train.py $ROOT $MQOUT; echo "again ended with $?"; fi
touch $ROOT/stop $ROOT/end
wait
