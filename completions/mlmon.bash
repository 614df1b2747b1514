# Completes mlmon in bash. Written by `mlmon completion bash`; commands and options are in here, and only the names
# of services, collections, workspaces and queries are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and are inserted quoted.

# The options and arguments of a command, or of mlmon itself for ''.
_mlmon_grammar() {
  case $1 in
    '')
      known_options=(
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--version flag once Print the version'
        '--help,-h flag once Show this message and exit'
      )
      known_commands=(
        'demo Make an embedded workspace with real services and history, and walk through the main job'
        'init Connect this folder to a workspace; writes mlmon.toml'
        'use Choose the default service of this folder'
        'status Show services: their switches, newest collected data, and requests of the last day'
        'serve Serve a scoring script on this machine, as Azure ML would'
        'invoke Send rows to a service and print its answer'
        'enable-collection Collect the model data of a service'
        'disable-collection Stop collecting the model data of a service; what was collected stays'
        'enable-insights Send requests, traces and exceptions of a service to Application Insights'
        'disable-insights Stop sending telemetry of a service to Application Insights; what was sent stays'
        'logs Show the last records of a service'\''s container log, and with -f what comes after'
        'traces Show what a service traced: the lines its script printed, newest first'
        'query Run any KQL query over the workspace'\''s telemetry'
        'metrics Show requests, latency, failures, calls to others and exceptions of a service over time'
        'request Tell the whole story of one request: its row, traces, calls to others, exceptions, log, inputs and predictions'
        'open Open the Azure portal'\''s page of a service, or of the workspace where no service is named or set'
        'ls List collected blobs of a date range'
        'pull Download collected blobs of a date range, byte for byte, under their own paths'
        'dataset Join what a service was given with what it answered, one row for each row that was scored'
        'handoff Print a query or a notebook cell that reads exactly these collected blobs where they stand'
        'drift Tell whether a service is still given what its model was trained on'
        'drift-explain Show how a feature is distributed in baseline and target, and the records that moved it'
        'drift-calibrate Propose a threshold for each feature: what chance alone hardly ever makes of it'
        'drift-schedule Print a file with which another tool checks for drift regularly'
        'diff Compare two files column by column: what came, went or changed its type, and by how much values changed'
        'completion Print the script that lets a shell complete mlmon'\''s commands, options, services and collections'
      )
      known_arguments=()
      ;;
    'demo')
      known_options=(
        '--force flag once Make a demo that is there anew; everything in its folder is replaced'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('folders once')
      ;;
    'init')
      known_options=(
        '--local folders once An embedded workspace in this folder, made when it is not there'
        '--config files once Azure ML'\''s own config.json, which names one'
        '--subscription text once The subscription of the workspace'
        '--resource-group text once Its resource group'
        '--name text once Its name'
        '--check flag once Only say for each plane whether this identity may read it'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=()
      ;;
    'use')
      known_options=(
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'status')
      known_options=(
        '--settings flag once Show each setting and where its value came from, and nothing else'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services many')
      ;;
    'serve')
      known_options=(
        '--name text once Its service name: NAME, or ENDPOINT/DEPLOYMENT'
        '--kind =v1,v2 once v1 web service or v2 deployment'
        '--model files once The model file or folder'
        '--port text once Port on 127.0.0.1; 0 takes any free one'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('files once')
      ;;
    'invoke')
      known_options=(
        '--data files once JSON to send, like {"data": [[...], ...]}; - reads stdin'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'enable-collection')
      known_options=(
        '--collection collections many Only this collection or designation; repeatable'
        '--sampling-rate text once Share of requests to collect, from 0 to 1 (v2)'
        '--all flag once Every service of the workspace; one that can never do it is skipped'
        '--dry-run flag once Show what would change and change nothing'
        '--yes,-y flag once Change without asking'
        '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'disable-collection')
      known_options=(
        '--collection collections many Only this collection or designation; repeatable'
        '--all flag once Every service of the workspace; one that can never do it is skipped'
        '--dry-run flag once Show what would change and change nothing'
        '--yes,-y flag once Change without asking'
        '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'enable-insights')
      known_options=(
        '--all flag once Every service of the workspace; one that can never do it is skipped'
        '--dry-run flag once Show what would change and change nothing'
        '--yes,-y flag once Change without asking'
        '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'disable-insights')
      known_options=(
        '--all flag once Every service of the workspace; one that can never do it is skipped'
        '--dry-run flag once Show what would change and change nothing'
        '--yes,-y flag once Change without asking'
        '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'logs')
      known_options=(
        '--all flag once The logs of all services'
        '--tail,-n text once The last N records of each service'
        '--follow,-f flag once Then show what comes, until Ctrl-C or for as long as --for says'
        '--for text once With -f: end after this time (90s, 10m, 8h)'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--level =debug,info,warning,error,critical once Only records of this level and above'
        '--include,-i text many Only records this regular expression finds; repeatable'
        '--exclude,-e text many No records this regular expression finds; repeatable'
        '--highlight,-H text many Mark what this finds, where there is colour; repeatable'
        '--container text once Another container'\''s log'
        '--raw flag once The lines as they are, with what would act on a terminal: each one by itself, -n counts lines, and no service'\''s name stands before them'
        '--replay flag once The arguments are files: snapshots of one log, saved one after the other; -f would show this'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services many')
      ;;
    'traces')
      known_options=(
        '--where text many Only traces whose message or payload contains TEXT; repeatable'
        '--filter text many Only traces of which this is true: = != ~ (a regular expression) < <= > >= of a column, of message (what was printed) or of a path: customDimensions."Request Id", message.input.0; repeatable'
        '--failed flag once Only errors, and traces of failed requests as far as they are tied to them'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--limit,-n text once The newest N'
        '--show text once One trace in full, by the id that its row has; no service is needed'
        '--kql text once KQL to append'
        '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
        '--as-stored flag once The rows as they are stored: nothing corrected, nothing marked'
        '--raw flag once The lines as they are, what would act on a terminal included'
        '--print-kql flag once Print the query instead of running it'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'query')
      known_options=(
        '--file,-f files once Read the query from a file; - is stdin'
        '--var text many Give the query a value by name, as a literal: a number, true, 7d, an ISO date, else text; in double quotes always text'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
        '--print-kql flag once Print the query instead of running it'
        '--saved queries once Run a saved query, or one of mlmon'\''s'
        '--save text once Save the query in queries/NAME.kql beside mlmon.toml instead of running it'
        '--list flag once Show the saved queries and mlmon'\''s own'
        '--delete queries once Delete a saved query'
        '--yes,-y flag once Change without asking'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('text once')
      ;;
    'metrics')
      known_options=(
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--every text once Length of an interval (30s, 5m, 1h)'
        '--by =time,exception once Rows by time, or a row for each type of exception'
        '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
        '--watch flag once Ask again and draw in place until Ctrl-C'
        '--interval text once How often --watch asks'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'request')
      known_options=(
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('text once' 'services once')
      ;;
    'open')
      known_options=(
        '--insights flag once The Application Insights component'
        '--studio flag once Azure ML studio'
        '--storage flag once The storage account; of an embedded workspace, its folder'
        '--print flag once Print the address, and open nothing'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'ls')
      known_options=(
        '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--collection collections many Only this collection or designation; repeatable'
        '--model text once Only this model (v1)'
        '--model-version text once Only this version (v1)'
        '--by =day,month,collection once Counts and bytes of each day, month or collection instead of every blob'
        '--du flag once Counts and bytes of the service and of each model, version and collection'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'pull')
      known_options=(
        '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--collection collections many Only this collection or designation; repeatable'
        '--model text once Only this model (v1)'
        '--model-version text once Only this version (v1)'
        '--to-dir folders once Where to; made when it is not there'
        '--overwrite =changed,always,never once Which files that are there are fetched again'
        '--delete-missing flag once Delete files of this selection that pull wrote and whose blobs are gone'
        '--max-bytes text once Fetch nothing when there is more than this to fetch: 500MB, 2GB'
        '--parallel text once How many requests are made at once'
        '--cap-mbps text once Take no more of the network: megabits a second'
        '--dry-run flag once Show what would be fetched and deleted, and do neither'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'dataset')
      known_options=(
        '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--collection collections many Only this collection or designation; repeatable'
        '--model text once Only this model (v1)'
        '--model-version text once Only this version (v1)'
        '--with files once Join a csv, parquet or jsonl file of labels; see --on'
        '--on text once The column that the dataset and the file share'
        '--matched-only flag once Leave out rows without a partner in every collection, or without a label'
        '--sort text many Sort by this, falling with a - before it'
        '--datetime text many This column holds times: milliseconds since 1970, or text'
        '--partition =day once A file for each day in --to-dir: DIR/day=2026-03-01/rows.parquet, or -o csv, -o jsonl'
        '--to-dir folders once Where the files of --partition go; those of the same days are replaced'
        '--for-spreadsheet flag once csv whose times, long numbers and digits like 007 a spreadsheet reads as they are'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'handoff')
      known_options=(
        '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--collection collections many Only this collection or designation; repeatable'
        '--model text once Only this model (v1)'
        '--model-version text once Only this version (v1)'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('=powerbi,databricks,duckdb,pandas once' 'services once')
      ;;
    'drift')
      known_options=(
        '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
        '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
        '--target files once Compare this file instead of what a service collected'
        '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--by =day,week,month once Each of these besides all'
        '--on =inputs,predictions once What the model was given, or what it answered'
        '--features text many Only these; repeatable'
        '--exclude text many All but these; repeatable'
        '--label text once The baseline'\''s column that the model is not given'
        '--number text many These are numbers'
        '--category text many These are categories'
        '--threshold text many The effect above which a difference matters: 0.1, or age=0.2 for one feature; repeatable'
        '--compat =azure-v1,azure-v2 once Compute the figures as Azure'\''s own monitors do, faults included'
        '--html files once Write a page that opens offline'
        '--fail-on-drift flag once Exit with 3 when there is drift'
        '--fail-on-no-data flag once Exit with 5 when there are no data, or stale ones'
        '--since-last flag once The days that have ended since the last such run; at first the last seven'
        '--stale-after text once Call the data stale when its newest row is so much older than the end of the range'
        '--engine =spark,azureml once Summarize collected data by Spark, one'\''s own or a job on Azure'\''s: for tens of GB a day'
        '--master text once Where Spark runs: local[2], spark://HOST:PORT, yarn'
        '--instance-type text once The machines of a job: standard_e4s_v3 (the default) to standard_e64s_v3'
        '--job text once Submit none: wait for this job, and bring home what it made'
        '--write-job text once Submit none: write the job and its code there, to be read, or for az ml job create'
        '--alert =webhook,slack,teams,smtp many Tell people when the verdict changes; repeatable'
        '--alert-dry-run flag once Show what --alert would send, and send nothing'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'drift-explain')
      known_options=(
        '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
        '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
        '--target files once Compare this file instead of what a service collected'
        '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
        '--day text once One UTC day: 2026-03-01, today, yesterday'
        '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
        '--to,--until text once End, not included; written like --from'
        '--on =inputs,predictions once What the model was given, or what it answered'
        '--number text many These are numbers'
        '--category text many These are categories'
        '--rows text once So many records'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('text once' 'services once')
      ;;
    'drift-calibrate')
      known_options=(
        '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
        '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
        '--on =inputs,predictions once What the model was given, or what it answered'
        '--features text many Only these; repeatable'
        '--exclude text many All but these; repeatable'
        '--label text once The baseline'\''s column that the model is not given'
        '--number text many These are numbers'
        '--category text many These are categories'
        '--rows text once So many rows a check will look at'
        '--runs text once One false alarm in so many checks is allowed'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('services once')
      ;;
    'drift-schedule')
      known_options=(
        '--baseline files once As mlmon drift takes it: a file, or azureml:NAME:VERSION'
        '--every =day,week,hour once How often'
        '--at text once When: in this machine'\''s time for cron and systemd, else UTC'
        '--alert =webhook,slack,teams,smtp many Tell people when the verdict changes; repeatable'
        '--threshold text many As mlmon drift takes it; repeatable'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('=cron,systemd,github,azure-devops once' 'services once')
      ;;
    'diff')
      known_options=(
        '--number text many This column holds numbers, whatever it looks like'
        '--category text many This column holds categories, although they are numbers'
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('text once' 'text once')
      ;;
    'completion')
      known_options=(
        '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
        '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
        '--quiet,-q flag once No notes and no progress'
        '--debug flag once Say on stderr what is being done'
        '--no-color flag once No colour'
        '--tenant text once The tenant to sign in to, for people with several'
        '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
        '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
        '--timeout text once How long one answer or operation is waited for (90s, 10m)'
        '--help,-h flag once Show this message and exit'
      )
      known_arguments=('=bash,zsh,fish,powershell,pwsh once')
      ;;
    *) return 1 ;;
  esac
}

# Splits a line into words as mlmon would get them, running nothing. Sets words; and for the last one, which may be
# unfinished: word, raw (as it was typed) and quote (the quotation mark that is still open).
_mlmon_split() {
  local line=$1 letter next i
  words=() word= raw= quote=
  for ((i = 0; i < ${#line}; i++)); do
    letter=${line:i:1}
    if [[ -z $quote && $letter == [$' \t\n'] ]]; then
      [[ -z $raw ]] || words+=("$word")
      word= raw=
      continue
    fi
    raw+=$letter
    if [[ $letter == "$quote" ]]; then
      quote=
    elif [[ $quote == "'" ]]; then
      word+=$letter
    elif [[ $letter == "\\" ]]; then
      next=${line:i+1:1}
      if [[ $quote == '"' && $next != ['$`"\'] ]]; then
        word+=$letter
      else
        word+=$next raw+=$next i=$((i + 1))
      fi
    elif [[ -z $quote && $letter == [\'\"] ]]; then
      quote=$letter
    else
      word+=$letter
    fi
  done
}

# Finds an option by one of its names. Sets names, kind and often.
_mlmon_find() {
  local row
  for row in "${known_options[@]}"; do
    names=${row%% *}
    if [[ ,$names, == *,"$1",* ]]; then
      row=${row#* } kind=${row%% *} row=${row#* } often=${row%% *}
      return 0
    fi
  done
  return 1
}

# Takes note of an option and, where it has one already, its value.
_mlmon_seen() {
  awaited= kind=flag
  _mlmon_find "$1" || return 0
  [[ $often == many ]] || given+=,$names,
  [[ $kind != flag ]] || return 0
  if [[ -n $2 ]]; then
    _mlmon_value "$1" "${2#=}"
  else
    awaited=$1
  fi
}

# Sets row to what the next argument may be: the last kind again where many are taken, else nothing.
_mlmon_argument() {
  local last=$((${#known_arguments[@]} - 1))
  row=
  if ((count <= last)); then
    row=${known_arguments[count]}
  elif ((last >= 0)) && [[ ${known_arguments[last]} == *' many' ]]; then
    row=${known_arguments[last]}
  fi
}

_mlmon_value() {
  [[ $1 != --workspace ]] || workspace=$2
}

# Offers a word when it goes on from what was typed, quoted for where it will stand. Readline puts it in the place of
# the part behind the last separator ($lead is what stands before that).
_mlmon_offer() {
  [[ $1 == "$typed"* ]] || return 0
  local rest=${1#"$lead"} letter quoted= i
  case $open in
    '') [[ -z $rest ]] || printf -v quoted %q "$rest" ;;
    "'")
      for ((i = 0; i < ${#rest}; i++)); do
        letter=${rest:i:1}
        [[ $letter != "'" ]] || letter="'\\''"
        quoted+=$letter
      done
      ;;
    *)
      for ((i = 0; i < ${#rest}; i++)); do
        letter=${rest:i:1}
        case $letter in
          ['$`"\']) letter="\\$letter" ;;
          '!') letter='"\!"' ;; # between double quotes it would be looked up in the history
        esac
        quoted+=$letter
      done
      ;;
  esac
  if [[ -n $open ]]; then
    # readline takes a quotation mark in front for the one that is open, and one at the end for the closing one
    [[ $quoted != "$open"* ]] || quoted=$open$quoted
    [[ $quoted != *"$open" ]] || quoted+=$open
  fi
  COMPREPLY+=("$quoted")
}

# Offers the values of a kind, each behind a prefix.
_mlmon_values() {
  local prefix=$2 value= list
  [[ $1 != workspaces || ${typed#"$prefix"} != [./~]* ]] || set -- folders
  case $1 in
    =*)
      IFS=, read -r -a list <<<"${1#=}"
      for value in "${list[@]}"; do _mlmon_offer "$prefix$value"; done
      compopt -o nosort 2>/dev/null
      ;;
    services | collections | workspaces | queries)
      while IFS=$'\t' read -r value _; do
        # a name that looks like an option is one, unless -- ended them
        [[ -z $positional || -n $ended || $value != -* ]] || continue
        [[ -z $positional || $'\n'$taken != *$'\n'"$value"$'\n'* ]] || continue
        _mlmon_offer "$prefix$value"
      done < <(command mlmon __complete "$1" "--workspace=$workspace" "--service=$service" 2>/dev/null </dev/null)
      ;;
    files) compopt -o bashdefault -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
  esac
}

_mlmon() {
  local words word raw quote known_options known_arguments known_commands names kind often
  local command= ended= awaited= workspace= service= given= taken= positional= count=0
  local line typed open lead row name i
  _mlmon_split "${COMP_LINE:0:COMP_POINT}"
  line=("${words[@]}") typed=$word open=$quote
  _mlmon_split "${raw%"$2"}"
  lead=$word
  COMPREPLY=()
  _mlmon_grammar ''

  for ((i = 1; i < ${#line[@]}; i++)); do
    word=${line[i]}
    if [[ -n $awaited ]]; then
      _mlmon_value "$awaited" "$word"
      awaited=
    elif [[ -z $ended && $word == -- ]]; then
      ended=yes
    elif [[ -z $ended && $word == --* ]]; then
      name=${word%%=*}
      _mlmon_seen "$name" "${word#"$name"}"
    elif [[ -z $ended && $word == -?* ]]; then
      for ((word = 1; word < ${#line[i]}; word++)); do
        _mlmon_seen "-${line[i]:word:1}" "${line[i]:word+1}"
        [[ $kind == flag ]] || break
      done
    elif [[ -z $command ]]; then
      command=$word
      _mlmon_grammar "$command" || return 0
    else
      _mlmon_argument
      [[ $row != services* ]] || service=$word
      taken+=$word$'\n'
      count=$((count + 1))
    fi
  done

  if [[ -n $awaited ]]; then
    _mlmon_find "$awaited"
    _mlmon_values "$kind" ''
  elif [[ -z $ended && $typed == --*=* ]]; then
    name=${typed%%=*}
    _mlmon_find "$name" && _mlmon_values "$kind" "$name="
  elif [[ -z $ended && $typed == -* ]]; then
    for row in "${known_options[@]}"; do
      names=${row%% *}
      [[ $given != *,"$names",* ]] || continue
      IFS=, read -r -a words <<<"$names"
      for name in "${words[@]}"; do _mlmon_offer "$name"; done
    done
  elif [[ -z $command ]]; then
    for row in "${known_commands[@]}"; do _mlmon_offer "${row%% *}"; done
    compopt -o nosort 2>/dev/null
  else
    positional=yes
    _mlmon_argument
    [[ -z $row ]] || _mlmon_values "${row%% *}" ''
  fi
}

complete -F _mlmon mlmon
