#!/bin/bash
# go.sh SECONDS FILES...: start the training if it does not run yet, hold the machine so long, bring FILES back under $OUT in parts of 15 MB
T=$(dirname "$(mktemp -u)"); JOB=$T/job; export MQOUT=$T/mqout SITE=$T/site
HOLD=$1; shift
began=$(date +%s)
[ -z "$END_IN" ] || [ ! -e $JOB ] || echo $(( began + END_IN )) > $JOB/end_at
if [ ! -e $JOB/started ]; then
  for f in .gpu/gl/*.deb; do dpkg -x $f /; done; ldconfig
  python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target $SITE .gpu/wheels/*.whl || exit 9
  rm -rf $JOB; cp -r .gpu $JOB; cp -r src $JOB/src; unxz $JOB/troupe.pack.xz
  echo $(( began + ${END_IN:-1500} )) > $JOB/end_at
  cp .gpu/go.sh "$T"/; date +%s > $JOB/started
  nvidia-smi | head -15; nproc; free -g | head -2
  mount -o remount,size=90G /dev/shm 2>/dev/null; df -h /dev/shm | tail -1
  cd $JOB; setsid bash job.sh > $JOB/log 2>&1 < /dev/null &
fi
sleep 0.5; cd $JOB
while [ $(( $(date +%s) - began )) -lt $HOLD ]; do [ -e $MQOUT/done ] && break; sleep 1; done
for f in "$@"; do [ -e "$MQOUT/$f" ] && split -b 15000000 -d "$MQOUT/$f" "$OUT/$f." ; done
cp log "$OUT/log"
grep -v "Warning\|^  \|^worker" log | tail -n ${LINES:-60}
nvidia-smi --query-gpu=memory.used,utilization.gpu --format=csv,noheader
